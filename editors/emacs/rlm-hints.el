;;; rlm-hints.el --- What to do about a failure, in words of Emacs, for rlm  -*- lexical-binding: t; -*-

;; Copyright (c) 2026 the rlm developers

;; Author: the rlm developers
;; URL: https://rlm.example
;; SPDX-License-Identifier: MIT

;; This file is not part of GNU Emacs; its licence is that of rlm.el.

;;; Commentary:

;; The server's hints name settings, variables and commands of the terminal.  Here
;; they become what Emacs has in their place, as buttons: options of
;; `rlm-options', keys that can be given, `rlm-doctor', the log.

;;; Code:

(require 'button)
(require 'subr-x)

(defconst rlm-hints--words
  '(("the setting `\\([[:alpha:]]+\\)`" . rlm-hints-option)
    ("\\_<--\\([a-z][-a-z]+\\)\\(?: [A-Z]+\\_>\\)?" . rlm-hints--flag)
    ("RLM_PRICE=\"\\([^\"=]+\\)=INPUT/OUTPUT\"" . rlm-hints--price)
    ("`rlm \\(doctor\\|models\\)`" . rlm-hints--command))
  "Words of the server, each with a function that returns those of Emacs.
The function gets the first group.")

(defun rlm-hints-option (name)
  "Return how the option NAME is named in Emacs."
  (format ":%s of rlm-options" name))

(defun rlm-hints--flag (name)
  "Return how the option of the terminal NAME is named in Emacs."
  (let ((words (split-string name "-")))
    (rlm-hints-option (apply #'concat (car words)
                              (mapcar #'capitalize (cdr words))))))

(defun rlm-hints--price (model)
  "Return how the price of MODEL is named in Emacs."
  (format ":price of rlm-options to ((%S INPUT OUTPUT))" model))

(defun rlm-hints--command (_name)
  "Return the command in the place of one of the terminal."
  "M-x rlm-doctor")

(defun rlm-hints-translate (text)
  "Return TEXT, which the server wrote, in words of Emacs."
  (let ((case-fold-search nil))
    (pcase-dolist (`(,regexp . ,translate) rlm-hints--words)
      (setq text (replace-regexp-in-string
                  regexp
                  (lambda (match)
                    (save-match-data
                      (string-match regexp match)
                      (funcall translate (match-string 1 match))))
                  text t t)))
    text))

(defconst rlm-hints--buttons
  '((":[[:alpha:]]+ of rlm-options" "customize the options"
     (lambda (_) (customize-variable 'rlm-options)))
    ("\\_<[A-Z]+_API_KEY\\_>" "give the key"
     (lambda (text) (rlm-hints--call 'rlm-set-key text)))
    ("M-x \\(rlm-[-a-z]+\\)" "do it"
     (lambda (text) (rlm-hints--call (intern (substring text 4)))))
    ("\\*rlm log\\*" "show the log"
     (lambda (text) (pop-to-buffer text))))
  "What is a button in a hint: (REGEXP HELP ACTION).
ACTION gets the text of the button.")

(defun rlm-hints--call (command &rest arguments)
  "Call COMMAND, with ARGUMENTS if there are any, else interactively."
  (if arguments
      (apply command arguments)
    (call-interactively command)))

(defun rlm-hints-insert (text)
  "Insert TEXT, which the server wrote, in words of Emacs and with buttons."
  (let ((beg (point))
        (case-fold-search nil))
    (insert (rlm-hints-translate text))
    (save-excursion
      (pcase-dolist (`(,regexp ,help ,action) rlm-hints--buttons)
        (goto-char beg)
        (while (re-search-forward regexp nil t)
          (make-text-button
           (match-beginning 0) (match-end 0) 'follow-link t
           'help-echo (concat "mouse-1, RET: " help)
           'action (let ((name (match-string-no-properties 0)))
                     (lambda (_) (funcall action name)))))))))

(provide 'rlm-hints)
;;; rlm-hints.el ends here
