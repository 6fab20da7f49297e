;;; rlm-work.el --- What a running query does, for rlm  -*- lexical-binding: t; -*-

;; Copyright (c) 2026 the rlm developers

;; Author: the rlm developers
;; URL: https://rlm.example
;; SPDX-License-Identifier: MIT

;; This file is not part of GNU Emacs; its licence is that of rlm.el.

;;; Commentary:

;; While a query runs, the server tells of turns that a model has written, of
;; programs that have run, and of the calls that these make.  This keeps what is
;; to be seen of it: how many calls of how many have ended, which are under way,
;; and what each turn took.  It knows nothing of buffers.

;;; Code:

(require 'cl-lib)
(require 'subr-x)

(cl-defstruct (rlm-work (:constructor rlm-work-make) (:copier nil))
  "What a query does."
  ;; What it has done: lines, the latest first.
  done
  ;; The calls that are waits for: (KEY . LABEL), the earliest first.
  open
  ;; How many calls the program that is running has begun, and how many of these
  ;; have failed.
  (begun 0) (failed 0))

(defconst rlm-work--lines 4
  "How many of the turns that were done, and of the open calls, are shown.")

(defun rlm-work--label (text)
  "Return TEXT as one short line."
  (truncate-string-to-width
   (replace-regexp-in-string "[ \t\r\n]+" " " (string-trim (or text "")))
   60 nil nil "…"))

(defun rlm-work-note (work event)
  "Take over EVENT, the parameters of an event of the protocol, into WORK.
Return non-nil if there is something new to see."
  (pcase (plist-get event :kind)
    ("subcall" (rlm-work--note-call work event) t)
    ("cell"
     ;; Of child runs, the calls are told by their parents.
     (when (eql (plist-get event :depth) 0)
       (rlm-work--note-program work event)
       t))))

(defun rlm-work--note-call (work event)
  "Take over EVENT, that of a call, into WORK."
  (let ((key (plist-get event :id)))
    (if (equal (plist-get event :state) "started")
        (progn
          (cl-incf (rlm-work-begun work))
          (setf (rlm-work-open work)
                (append (rlm-work-open work)
                        (list (cons key (rlm-work--label
                                         (plist-get event :label)))))))
      (when (equal (plist-get event :state) "failed")
        (cl-incf (rlm-work-failed work)))
      (setf (rlm-work-open work)
            (cl-remove key (rlm-work-open work) :key #'car :test #'equal)))))

(defun rlm-work--note-program (work event)
  "Take over EVENT, that of a program that has run, into WORK."
  (push (concat (format "turn %d: its program ran %.1f s"
                        (plist-get event :iteration) (plist-get event :seconds))
                (when (< 0 (rlm-work-begun work))
                  (concat ", " (rlm-work--counted work)))
                (when-let ((error (plist-get event :error)))
                  (concat ", and failed: " (rlm-work--label error))))
        (rlm-work-done work))
  (setf (rlm-work-open work) nil
        (rlm-work-begun work) 0
        (rlm-work-failed work) 0))

(defun rlm-work--counted (work)
  "Return in words how far the running program of WORK is."
  (let ((begun (rlm-work-begun work))
        (failed (rlm-work-failed work)))
    (concat (format "%d of %d call%s"
                    (- begun (length (rlm-work-open work))) begun
                    (if (= begun 1) "" "s"))
            (when (< 0 failed) (format " (%d failed)" failed)))))

(defun rlm-work-count (work)
  "Return in words how far the running program of WORK is, or nil.
It is nil before the program has asked anything."
  (when (< 0 (rlm-work-begun work))
    (rlm-work--counted work)))

(defun rlm-work-text (work)
  "Return what is to be seen of WORK, lines that are indented, or \"\"."
  (let* ((open (rlm-work-open work))
         (more (- (length open) rlm-work--lines)))
    (mapconcat
     (lambda (line) (concat "  " line "\n"))
     (append (reverse (cl-subseq (rlm-work-done work) 0
                                 (min rlm-work--lines
                                      (length (rlm-work-done work)))))
             (when-let ((count (rlm-work-count work)))
               (list (concat count " ended")))
             (mapcar (lambda (call) (concat "  waits for: " (cdr call)))
                     (cl-subseq open 0 (min rlm-work--lines (length open))))
             (when (< 0 more)
               (list (format "  and %d more" more))))
     "")))

(provide 'rlm-work)
;;; rlm-work.el ends here
