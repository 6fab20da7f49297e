;;; rlm-cycle.el --- Patches that prove what they claim, for rlm  -*- lexical-binding: t; -*-

;; Copyright (c) 2026 the rlm developers

;; Author: the rlm developers
;; URL: https://rlm.example
;; SPDX-License-Identifier: MIT

;; This file is not part of GNU Emacs; its licence is that of rlm.el.

;;; Commentary:

;; `rlm-cycle' has a model propose patches for the project.  Each is tried on
;; a copy of the last commit: the project's checks run there, and it has to
;; prove what it claims.  The buffer shows what is done, and then each patch
;; with its proof; you are asked which to take, and these are committed on a
;; branch of their own.  Before commands run that you have not trusted you are
;; asked as well.
;;
;;   t          ask again what to take
;;   C-c C-k    cancel a cycle that is running
;;   q          bury the buffer

;;; Code:

(require 'rlm)
(require 'rlm-job)

(cl-defstruct (rlm-cycle--run (:include rlm-job)
                              (:constructor rlm-cycle--make-run)
                              (:copier nil))
  "A cycle, and the report that came of it."
  report)

(defvar-local rlm-cycle--run nil
  "The cycle that the buffer shows.")

;;;###autoload
(defun rlm-cycle (&optional checks)
  "Have patches for the current project proposed, and choose what to take.
The checks are those of the file .rlm/settings.json; with a prefix
argument, read a command, and use CHECKS, a list of commands.  Return
the buffer of the cycle."
  (interactive
   (list (and current-prefix-arg
              (list (read-string "Check (a command): ")))))
  (let* ((scope (rlm--project-scope))
         (root (rlm--scope-root scope))
         (buffer (get-buffer-create
                  (format "*rlm cycle: %s*" (rlm--scope-label scope)))))
    (with-current-buffer buffer
      (when (rlm-job-running-p rlm-cycle--run)
        (user-error "This cycle is running already"))
      (rlm-cycle-mode)
      (let ((run (rlm-cycle--make-run
                  :scope scope :title "Having patches proposed and tried..."
                  :insert #'rlm-cycle--insert
                  :finish #'rlm-cycle--on-result)))
        (rlm-job-begin run "cycle" :rlm/dogfood
                       (append (list :action "cycle"
                                     :folder (rlm--path-to-uri root))
                               (and checks (list :checks (vconcat checks)))))
        (setq rlm-cycle--run run)))
    (pop-to-buffer buffer rlm-display-action)
    buffer))

(defun rlm-cycle--insert (run text)
  "Have the buffer of RUN show TEXT."
  (when (buffer-live-p (rlm-cycle--run-buffer run))
    (with-current-buffer (rlm-cycle--run-buffer run)
      (let ((inhibit-read-only t))
        (erase-buffer)
        (insert text)
        (goto-char (point-min))))))

(defun rlm-cycle--on-result (run result)
  "Show the RESULT of RUN, and ask what to take of it."
  (setf (rlm-cycle--run-report run) (plist-get result :report))
  (rlm-cycle--insert run (concat (plist-get result :markdown) "\n"))
  (if (rlm-cycle--offered run)
      ;; Nobody is asked while a message of the server is being read.
      (run-at-time 0 nil #'rlm-cycle--choose run)
    (message "rlm: the cycle offers nothing")))

(defun rlm-cycle--offered (run)
  "Return the proposals of RUN that hold."
  (seq-filter (lambda (it) (equal (plist-get it :state) "offered"))
              (plist-get (rlm-cycle--run-report run) :proposals)))

(defun rlm-cycle--choose (run)
  "Ask what to take of RUN, and have that committed."
  (let ((taken (seq-filter
                (lambda (it)
                  (y-or-n-p (format "Take %d, %s (%s)? " (plist-get it :number)
                                    (plist-get it :title) (plist-get it :kind))))
                (rlm-cycle--offered run))))
    (if (null taken)
        (message "rlm: nothing was taken")
      (jsonrpc-async-request
       (rlm--server-connection (rlm-cycle--run-server run)) :rlm/dogfood
       (list :action "approve"
             :folder (rlm--path-to-uri
                      (rlm--scope-root (rlm-cycle--run-scope run)))
             :cycle (plist-get (rlm-cycle--run-report run) :cycle)
             :approve (vconcat (mapcar (lambda (it) (plist-get it :number))
                                       taken)))
       :timeout nil
       :success-fn
       (lambda (done) (message "rlm: %s" (plist-get done :markdown)))
       :error-fn
       (lambda (error) (message "rlm: %s" (plist-get error :message)))))))

(defvar rlm-cycle-mode-map
  (let ((map (make-sparse-keymap)))
    (define-key map "t" #'rlm-cycle-take)
    (define-key map (kbd "C-c C-k") #'rlm-cycle-cancel)
    map)
  "Keys of `rlm-cycle-mode'.")

(define-derived-mode rlm-cycle-mode special-mode "Cycle"
  "Mode of the report of a cycle.

\\{rlm-cycle-mode-map}")

(defun rlm-cycle-take ()
  "Ask again what to take of this cycle."
  (interactive)
  (unless (and rlm-cycle--run (rlm-cycle--offered rlm-cycle--run))
    (user-error "This cycle offers nothing"))
  (rlm-cycle--choose rlm-cycle--run))

(defun rlm-cycle-cancel ()
  "Cancel this cycle."
  (interactive)
  (rlm-job-cancel rlm-cycle--run))

(provide 'rlm-cycle)
;;; rlm-cycle.el ends here
