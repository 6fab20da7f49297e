;;; rlm-commands.el --- Asking from where point is, and menus, for rlm  -*- lexical-binding: t; -*-

;; Copyright (c) 2026 the rlm developers

;; Author: the rlm developers
;; URL: https://rlm.example
;; SPDX-License-Identifier: MIT

;; This file is not part of GNU Emacs; its licence is that of rlm.el.

;;; Commentary:

;;   M-x rlm-query-buffer   the whole buffer, also one without a file: a
;;                          compilation, a shell, a log, a mail
;;   M-x rlm-query-files    the marked files of a Dired buffer
;;   M-x rlm-explain        the diagnostic at point (of flymake or flycheck), else
;;                          the symbol; the question can be edited first
;;   M-x rlm-doctor         what the program thinks of its set-up
;;
;; `rlm-command-map' has all commands under one prefix:
;;
;;   (global-set-key (kbd "C-c q") 'rlm-command-map)
;;
;; `rlm-menu-mode' puts them into the menu Tools, and into the context menu where
;; there is one (`context-menu-mode', Emacs 28).

;;; Code:

(require 'easymenu)
(require 'rlm)

(declare-function dired-get-marked-files "dired" (&optional localp arg filter
                                                  distinguish error))
(declare-function flymake-diagnostics "flymake" (&optional beg end))
(declare-function flymake-diagnostic-text "flymake" (diag))
(declare-function flycheck-overlay-errors-at "ext:flycheck" (position))
(declare-function flycheck-error-message "ext:flycheck" (err))

;;;; Asking

;;;###autoload
(defun rlm-query-buffer (question)
  "Ask QUESTION about the current buffer.
It need not visit a file: the server gets its text with the question,
and what the answer cites leads to the buffer.  Return the buffer of
the answer."
  (interactive (list (rlm--read-question (rlm-commands--buffer-scope))))
  (rlm--ask question (rlm-commands--buffer-scope)))

(defun rlm-commands--buffer-scope ()
  "Return the scope of the current buffer."
  (let ((file (rlm--buffer-file)))
    (if file (rlm--file-scope file) (rlm-text-scope))))

;;;###autoload
(defun rlm-query-files (files question)
  "Ask QUESTION about FILES, which may be folders.
In a Dired buffer these are the marked ones, or the one at point."
  (interactive
   (let ((files (rlm-commands--marked-files)))
     (list files (rlm--read-question (rlm-commands--files-scope files)))))
  (rlm--ask question (rlm-commands--files-scope files)))

(defun rlm-commands--marked-files ()
  "Return the marked files of a Dired buffer."
  (unless (derived-mode-p 'dired-mode)
    (user-error "This is no Dired buffer: mark files in one"))
  (dired-get-marked-files))

(defun rlm-commands--files-scope (files)
  "Return the scope of FILES."
  (mapc #'rlm--reject-remote files)
  (let* ((files (mapcar #'file-truename files))
         (root (rlm--project-root (file-name-directory
                                   (directory-file-name (car files))))))
    (rlm--make-scope
     :kind 'paths :root root :file files
     :label (concat (mapconcat (lambda (file) (file-relative-name file root))
                               (seq-take files 3) ", ")
                    (when (nthcdr 3 files)
                      (format " and %d more" (- (length files) 3)))))))

;;;###autoload
(defun rlm-explain ()
  "Ask about the diagnostic at point, or about the symbol there.
The question can be edited first."
  (interactive)
  (let* ((diagnostics (rlm-commands--diagnostics))
         (symbol (thing-at-point 'symbol t))
         (scope (cond (diagnostics
                       (rlm--region-scope (line-beginning-position)
                                          (min (point-max)
                                               (line-beginning-position 2))))
                      ((rlm--buffer-file) (rlm--project-scope))
                      (t (rlm-text-scope))))
         (question (cond (diagnostics
                          (concat "Why is this reported, and how can it be mended: "
                                  (string-join diagnostics "; ")))
                         (symbol (format "What is `%s`, and who uses it?" symbol))
                         (t (user-error "Neither a diagnostic nor a symbol is here")))))
    (rlm--ask (rlm--read-question scope question) scope)))

(defun rlm-commands--diagnostics ()
  "Return the messages at point of those who check the buffer."
  (delete-dups
   (append
    (when (bound-and-true-p flymake-mode)
      (mapcar #'flymake-diagnostic-text
              (or (flymake-diagnostics (point))
                  (flymake-diagnostics (line-beginning-position)
                                       (line-end-position)))))
    (when (and (bound-and-true-p flycheck-mode)
               (fboundp 'flycheck-overlay-errors-at))
      (mapcar #'flycheck-error-message (flycheck-overlay-errors-at (point)))))))

;;;###autoload
(defun rlm-doctor ()
  "Show what the program thinks of its set-up, and how to choose a model."
  (interactive)
  (rlm--check-command)
  (let ((buffer (get-buffer-create "*rlm doctor*"))
        (process-environment (append (rlm-keys-environment) process-environment)))
    (with-current-buffer buffer
      (special-mode)
      (setq-local revert-buffer-function (lambda (&rest _) (rlm-doctor)))
      (rlm-commands--fill buffer "Looking at the set-up...\n"))
    (make-process :name "rlm doctor" :noquery t
                  :buffer (generate-new-buffer " *rlm doctor*")
                  :command `(,(car rlm-command) "doctor"
                             ,@(rlm-commands--model-arguments))
                  :connection-type 'pipe :coding 'utf-8
                  :sentinel
                  (lambda (process _event)
                    (unless (process-live-p process)
                      (let ((output (process-buffer process)))
                        (rlm-commands--fill buffer (with-current-buffer output
                                                     (buffer-string)))
                        (kill-buffer output)))))
    (pop-to-buffer buffer rlm-display-action)))

(defun rlm-commands--model-arguments ()
  "Return those arguments of the program that say which models are configured."
  (cl-loop for (name flag) in '((:model "--model") (:worker "--worker")
                                (:endpoint "--endpoint"))
           append (cl-loop for value in (let ((value (plist-get rlm-options name)))
                                         (if (listp value) value (list value)))
                           append (list flag value))))

(defun rlm-commands--fill (buffer text)
  "Make TEXT, which the program wrote, the text of BUFFER."
  (when (buffer-live-p buffer)
    (with-current-buffer buffer
      (let ((inhibit-read-only t))
        (erase-buffer)
        (rlm-hints-insert text)
        (goto-char (point-min))))))

;;;; Keys and menus

(defvar rlm-command-map
  (let ((map (make-sparse-keymap)))
    (pcase-dolist (`(,key . ,command)
                   '(("q" . rlm-query) ("r" . rlm-query-region)
                     ("f" . rlm-query-file) ("b" . rlm-query-buffer)
                     ("m" . rlm-query-files) ("x" . rlm-edit)
                     ("X" . rlm-edit-everywhere)
                     ("e" . rlm-explain) ("u" . rlm-follow-up)
                     ("c" . rlm-continue) ("g" . rlm-resume)
                     ("v" . rlm-review) ("d" . rlm-review-changes)
                     ("w" . rlm-dogfood) ("y" . rlm-cycle)
                     ("p" . rlm-preview) ("s" . rlm-show) ("k" . rlm-cancel)
                     ("i" . rlm-status) ("a" . rlm-set-key)))
      (define-key map key command))
    map)
  "Keymap of the commands, to be bound to a prefix.")

;;;###autoload (autoload 'rlm-command-map "rlm-commands" nil nil 'keymap)
(fset 'rlm-command-map rlm-command-map)

(defconst rlm-commands--menu
  '("RLM"
    ["Ask About the Project…" rlm-query]
    ["Ask About the Region…" rlm-query-region :active (use-region-p)]
    ["Ask About This Buffer…" rlm-query-buffer]
    ["Explain What Is at Point…" rlm-explain]
    ["Preview a Question…" rlm-preview]
    "--"
    ["Follow Up…" rlm-follow-up]
    ["Continue a Conversation…" rlm-continue]
    ["Go On With a Stopped Query…" rlm-resume]
    ["Show the Answer" rlm-show]
    ["Cancel" rlm-cancel :active rlm--runs]
    "--"
    ["Review the Project" rlm-review]
    ["Review Uncommitted Changes" rlm-review-changes]
    ["Where Work Pays" rlm-dogfood]
    ["Have Patches Proposed…" rlm-cycle]
    ["Change the Region or the File…" rlm-edit :active (rlm--buffer-file)]
    ["Make This Change Everywhere" rlm-edit-everywhere :active (use-region-p)]
    "--"
    ["Status" rlm-status]
    ["Set a Key…" rlm-set-key]
    ["Customize" (customize-group 'rlm)]
    ["Check the Set-up" rlm-doctor]
    ["Stop the Server" rlm-shutdown :active rlm--server])
  "The menu of the commands.")

(defun rlm-commands--context-menu (menu _click)
  "Add the commands to MENU, a context menu."
  (define-key-after menu [rlm]
    (list 'menu-item "RLM" (easy-menu-create-menu
                            "RLM" (cdr rlm-commands--menu))))
  menu)

;;;###autoload
(define-minor-mode rlm-menu-mode
  "Have the commands of rlm in the menu Tools and in the context menu."
  :global t
  :group 'rlm
  (if rlm-menu-mode
      (progn
        (easy-menu-add-item nil '("Tools") rlm-commands--menu)
        (add-hook 'context-menu-functions #'rlm-commands--context-menu))
    (easy-menu-remove-item nil '("Tools") "RLM")
    (remove-hook 'context-menu-functions #'rlm-commands--context-menu)))

(provide 'rlm-commands)
;;; rlm-commands.el ends here
