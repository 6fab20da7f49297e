;;; checkdoc.el --- Make checkdoc fail  -*- lexical-binding: t; -*-

;;; Commentary:

;; In batch, checkdoc reports nothing and always succeeds.  Loaded before the
;; name of a file, this prints each finding with its line and exits with 1 if
;; there is one.

;;; Code:

(require 'checkdoc)

(let ((file (pop command-line-args-left))
      (findings 0))
  (setq checkdoc-create-error-function
        (lambda (text start _end &optional _unfixable)
          (setq findings (1+ findings))
          (message "%s:%d: %s" file (line-number-at-pos (or start 1)) text)
          nil))
  (with-current-buffer (find-file-noselect file)
    (checkdoc-current-buffer t))
  (kill-emacs (if (zerop findings) 0 1)))

;;; checkdoc.el ends here
