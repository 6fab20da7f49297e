;;; rlm-places.el --- Going through what an answer cites, for rlm  -*- lexical-binding: t; -*-

;; Copyright (c) 2026 the rlm developers

;; Author: the rlm developers
;; URL: https://rlm.example
;; SPDX-License-Identifier: MIT

;; This file is not part of GNU Emacs; its licence is that of rlm.el.

;;; Commentary:

;; In the buffer of an answer, `next-error' and `previous-error' go through the
;; cited lines, and `imenu' lists the headings.

;;; Code:

(require 'rlm)

(defun rlm-places--buttons ()
  "Return the citations of the current buffer, the first of each place."
  (let ((position (point-min)) button buttons targets)
    (while (setq button (next-button position t))
      (setq position (button-end button))
      (let ((target (button-get button 'rlm-target)))
        (when (and target (not (member target targets)))
          (push target targets)
          (push button buttons))))
    (nreverse buttons)))

;;;###autoload
(defun rlm-places-next (count &optional reset)
  "Open the lines that the citation COUNT further on names.
With RESET, count from the beginning.  This is the value of
`next-error-function' in answers."
  (let* ((buttons (or (rlm-places--buttons)
                      (user-error "This answer cites no lines")))
         (from (if reset (point-min) (point)))
         ;; How many lie up to here.
         (passed (seq-count (lambda (it) (<= (button-start it) from)) buttons))
         (next (+ passed count -1)))
    (unless (< -1 next (length buttons))
      (user-error "There are no further citations"))
    (let ((button (nth next buttons)))
      (goto-char (button-start button))
      (dolist (window (get-buffer-window-list nil nil t))
        (set-window-point window (point)))
      (rlm--follow-citation button))))

;;;###autoload
(defun rlm-places-index ()
  "Return the headings of the answer for `imenu'."
  (let (headings)
    (save-excursion
      (goto-char rlm--answer-start)
      (while (re-search-forward "^ \\{0,3\\}#\\{1,6\\}[ \t]+\\(.+?\\)[ \t#]*$"
                                rlm--answer-end t)
        (let ((faces (get-text-property (match-beginning 1) 'face)))
          (unless (memq 'rlm-code-block (if (listp faces) faces (list faces)))
            (push (cons (match-string-no-properties 1)
                        (copy-marker (match-beginning 0)))
                  headings)))))
    (nreverse headings)))

(provide 'rlm-places)
;;; rlm-places.el ends here
