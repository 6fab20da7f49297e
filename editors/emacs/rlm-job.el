;;; rlm-job.el --- Reviews and changes that are running, for rlm  -*- lexical-binding: t; -*-

;; Copyright (c) 2026 the rlm developers

;; Author: the rlm developers
;; URL: https://rlm.example
;; SPDX-License-Identifier: MIT

;; This file is not part of GNU Emacs; its licence is that of rlm.el.

;;; Commentary:

;; What reviews and changes have in common: each is one request that takes a
;; while, tells of its progress in a buffer of its own, can be cancelled, and
;; ends with a result or with an error.

;;; Code:

(require 'rlm)

(cl-defstruct (rlm-job (:constructor nil) (:copier nil))
  "A request that takes a while, and the buffer that shows it."
  id server scope buffer
  ;; running, then done or failed.
  (state 'running)
  ;; What the buffer says while it runs, and what shows a text or a result there.
  title insert finish)

(defvar rlm-job--running nil
  "The jobs that are running.")

(defvar rlm-job--count 0
  "How many jobs have begun in this session.")

(defun rlm-job-begin (job kind method params)
  "Begin JOB, a KIND of one: request METHOD with PARAMS beside its own.
Its slots `scope', `title', `insert' and `finish' are set.  The first
is a function of JOB and a text; the second one of JOB and the result.
The current buffer shows it."
  (let* ((root (rlm--scope-root (rlm-job-scope job)))
         (server (rlm--ready-server root)))
    (setf (rlm-job-id job) (format "emacs-%s-%d-%d" kind (emacs-pid)
                                   (cl-incf rlm-job--count))
          (rlm-job-server job) server
          (rlm-job-buffer job) (current-buffer))
    (setq default-directory root)
    (push job rlm-job--running)
    (rlm--sync server)
    (rlm-job--insert job (concat (rlm-job-title job) "\n"))
    (jsonrpc-async-request
     (rlm--server-connection server) method
     (append (list :queryId (rlm-job-id job)
                   :scope (rlm--scope-params (rlm-job-scope job)))
             params)
     :timeout nil
     :success-fn (lambda (result)
                   (rlm-job--end job 'done)
                   (funcall (rlm-job-finish job) job result))
     :error-fn (lambda (error) (rlm-job--on-error job error)))))

(defun rlm-job-running-p (job)
  "Return non-nil if JOB is running."
  (and job (eq (rlm-job-state job) 'running)))

(defun rlm-job-cancel (job)
  "Cancel JOB, which must be running."
  (unless (rlm-job-running-p job)
    (user-error "Nothing is running here"))
  (jsonrpc-async-request
   (rlm--server-connection (rlm-job-server job)) :rlm/cancel
   (list :queryId (rlm-job-id job))))

(defun rlm-job--insert (job text)
  "Have the buffer of JOB show TEXT."
  (funcall (rlm-job-insert job) job text))

(defun rlm-job--on-event (params)
  "Show the progress in PARAMS, an event of a job."
  (when-let ((job (seq-find (lambda (it)
                              (equal (rlm-job-id it)
                                     (plist-get params :queryId)))
                            rlm-job--running)))
    (when (equal (plist-get params :kind) "progress")
      (rlm-job--insert job (format "%s\n%s (%d calls)\n" (rlm-job-title job)
                                   (plist-get params :message)
                                   (plist-get params :calls))))))

(add-hook 'rlm--event-functions #'rlm-job--on-event)
(add-hook 'rlm--busy-functions (lambda () rlm-job--running))

(defun rlm-job--end (job state)
  "End JOB in STATE."
  (setf (rlm-job-state job) state)
  (setq rlm-job--running (remq job rlm-job--running)))

(defun rlm-job--on-error (job error)
  "End JOB with ERROR, a plist of the protocol."
  (rlm-job--end job 'failed)
  (let ((hint (plist-get (plist-get error :data) :hint)))
    (rlm-job--insert
     job (if (eql (plist-get error :code) -32800)
             "Cancelled.\n"
           (concat (propertize (or (plist-get error :message)
                                   "The server gave no reason")
                               'face 'rlm-error)
                   "\n")))
    (when (and hint (buffer-live-p (rlm-job-buffer job)))
      (with-current-buffer (rlm-job-buffer job)
        (let ((inhibit-read-only t))
          (save-excursion
            (goto-char (point-max))
            (rlm-hints-insert (concat hint "\n"))))))))

(provide 'rlm-job)
;;; rlm-job.el ends here
