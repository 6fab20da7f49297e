;;; rlm-review.el --- Findings of reviews, for rlm  -*- lexical-binding: t; -*-

;; Copyright (c) 2026 the rlm developers

;; Author: the rlm developers
;; URL: https://rlm.example
;; SPDX-License-Identifier: MIT

;; This file is not part of GNU Emacs; its licence is that of rlm.el.

;;; Commentary:

;; A review looks through a project, or what has changed in it, and tells what a
;; person should look at: dead links, cited places that are not there, private
;; definitions that nothing uses, and what a model sees if one is configured.
;;
;;   M-x rlm-review          the current project; with a prefix argument the
;;                           scope is chosen
;;   M-x rlm-review-changes  only what is not committed
;;   M-x rlm-review-region   the region
;;
;; The findings are listed in a buffer of their own, and marked in the buffers
;; that visit their files: a mark moves with edits, and goes when its text
;; changes.  In the list:
;;
;;   RET, mouse-1            go to the lines
;;   TAB, n / S-TAB, p       next, previous finding
;;   f                       mend it: its fix is shown first, or if it has none
;;                           a model proposes one
;;   e                       ask for an explanation
;;   d                       dismiss it for good, with a reason
;;   g                       review again
;;   C-c C-k                 cancel a review that is running
;;   q                       bury the buffer
;;
;; `next-error' goes through them as well.  With `:reviewOnSave t' in `rlm-options'
;; a list is made anew whenever a file of its project is saved.

;;; Code:

(require 'rlm)
(require 'rlm-job)

(defface rlm-finding-warning
  '((((supports :underline (:style wave)))
     :underline (:style wave :color "DarkOrange"))
    (t :inherit warning))
  "Face of text that a warning is about."
  :group 'rlm)

(defface rlm-finding-note
  '((((supports :underline (:style wave)))
     :underline (:style wave :color "DodgerBlue"))
    (t :inherit shadow))
  "Face of text that a note is about."
  :group 'rlm)

(cl-defstruct (rlm-review--run (:include rlm-job)
                               (:constructor rlm-review--make-run)
                               (:copier nil))
  "A review: what is reviewed, and what came of it."
  diff findings)

(defvar-local rlm-review--run nil
  "The review that the buffer shows.")

(defvar rlm-review--shown nil
  "The findings that are marked: an alist of file names and findings.")

;;;; Reviewing

;;;###autoload
(defun rlm-review (&optional scope diff)
  "Review SCOPE, and list what should be looked at.
That is the current project; with a prefix argument it is chosen, as
with `rlm-query'.  With DIFF, only what has changed since that commit
is told.  Return the buffer of the findings."
  (interactive (list (and current-prefix-arg (rlm--read-scope))))
  (let* ((scope (or scope (rlm--project-scope)))
         (buffer (get-buffer-create
                  (format "*rlm review: %s*" (rlm--scope-label scope)))))
    (with-current-buffer buffer
      (when (rlm-job-running-p rlm-review--run)
        (user-error "This review is running already"))
      (rlm-review-mode)
      (rlm-review--begin scope diff))
    (pop-to-buffer buffer rlm-display-action)
    buffer))

;;;###autoload
(defun rlm-review-changes (&optional commit)
  "Review what is not committed in the current project.
With a prefix argument, ask for the COMMIT since which changes count."
  (interactive
   (list (and current-prefix-arg
              (read-string "Changes since (`main...', `HEAD~3'): "))))
  (rlm-review nil (or commit "HEAD")))

;;;###autoload
(defun rlm-review-region (beg end)
  "Review the text between BEG and END, interactively the region."
  (interactive "r")
  (rlm-review (rlm--region-scope beg end)))

(defun rlm-review--begin (scope diff)
  "Begin a review of SCOPE since DIFF in the current buffer."
  (when (rlm--scope-text scope)
    (user-error "A review is about files: save this buffer first"))
  (let ((run (rlm-review--make-run
              :scope scope :diff diff :title "Reviewing..."
              :insert #'rlm-review--insert
              :finish #'rlm-review--on-result)))
    (rlm-job-begin run "review" :rlm/review (when diff (list :diff diff)))
    (setq rlm-review--run run)))

(defun rlm-review--on-result (run result)
  "Show the RESULT of RUN."
  (setf (rlm-review--run-findings run)
        (append (plist-get result :findings) nil))
  (rlm-review--insert run nil)
  (when (buffer-live-p (rlm-review--run-buffer run))
    (with-current-buffer (rlm-review--run-buffer run)
      (let ((inhibit-read-only t))
        (save-excursion
          (goto-char (point-max))
          (insert (plist-get result :summary) "\n")
          (seq-doseq (it (plist-get result :notChecked))
            (insert "Not looked at: " it ".\n"))
          (seq-doseq (it (plist-get result :warnings))
            (insert "Warning: " it ".\n"))))))
  (rlm-review--show-marks)
  (message "rlm: %s" (car (split-string (plist-get result :summary) ";"))))

;;;; The list

(defvar rlm-review-mode-map
  (let ((map (make-sparse-keymap)))
    (define-key map (kbd "RET") #'rlm-review-visit)
    (define-key map [mouse-1] #'rlm-review-visit-at-mouse)
    (define-key map "n" #'rlm-review-next)
    (define-key map "p" #'rlm-review-previous)
    (define-key map (kbd "TAB") #'rlm-review-next)
    (define-key map (kbd "<backtab>") #'rlm-review-previous)
    (define-key map "f" #'rlm-review-fix)
    (define-key map "e" #'rlm-review-explain)
    (define-key map "d" #'rlm-review-dismiss)
    (define-key map (kbd "C-c C-k") #'rlm-review-cancel)
    map)
  "Keys of `rlm-review-mode'.")

(define-derived-mode rlm-review-mode special-mode "Review"
  "Mode of the list of findings.

\\{rlm-review-mode-map}"
  (setq-local revert-buffer-function #'rlm-review--again)
  (setq next-error-function #'rlm-review-next-error))

(defun rlm-review--again (&rest _)
  "Review again."
  (let ((run rlm-review--run))
    (when (rlm-job-running-p run)
      (user-error "This review is still running"))
    (rlm-review--begin (rlm-review--run-scope run) (rlm-review--run-diff run))))

(defun rlm-review--on-save ()
  "Make the lists of the project anew whose file was saved, if that is wanted."
  (when (eq (plist-get (rlm--default-options) :reviewOnSave) t)
    (let ((file (buffer-file-name)))
      (dolist (buffer (buffer-list))
        (when-let ((run (buffer-local-value 'rlm-review--run buffer)))
          (when (and (not (rlm-job-running-p run))
                     (file-in-directory-p
                      file (rlm--scope-root (rlm-review--run-scope run))))
            (with-current-buffer buffer
              (rlm-review--again))))))))

(add-hook 'after-save-hook #'rlm-review--on-save)

(defun rlm-review--insert (run text)
  "Fill the buffer of RUN with TEXT, or with its findings if that is nil."
  (when (buffer-live-p (rlm-review--run-buffer run))
    (with-current-buffer (rlm-review--run-buffer run)
      (let ((inhibit-read-only t)
            (line (line-number-at-pos)))
        (erase-buffer)
        (if text
            (insert text)
          (mapc #'rlm-review--insert-finding (rlm-review--run-findings run)))
        (goto-char (point-min))
        (unless text (forward-line (1- line)))))))

(defun rlm-review--insert-finding (finding)
  "Insert FINDING."
  (let ((beg (point))
        (first (plist-get finding :startLine))
        (last (plist-get finding :endLine))
        (warning (equal (plist-get finding :severity) "warning")))
    (insert (propertize (format "%s:%s" (plist-get finding :path)
                                (rlm--line-range first last))
                        'face 'rlm-citation 'mouse-face 'highlight)
            ": "
            (propertize (plist-get finding :severity)
                        'face (if warning 'warning 'shadow))
            ": " (rlm-review--sentence (plist-get finding :sentence))
            (propertize (format " [%s]" (plist-get finding :rule)) 'face 'shadow)
            "\n    " (rlm-review--sentence (plist-get finding :reason)) "\n")
    (seq-doseq (it (plist-get finding :evidence))
      (insert (format "    See %s:%s: %s.\n" (plist-get it :path)
                      (rlm--line-range (plist-get it :startLine)
                                       (plist-get it :endLine))
                      (plist-get it :sentence))))
    (when-let ((fix (plist-get finding :fix)))
      (insert "    A fix (f): " (plist-get fix :sentence) ".\n"))
    (insert (propertize
             (format "    How it could be wrong: %s\n\n"
                     (rlm-review--sentence (plist-get finding :doubt)))
             'face 'shadow))
    (put-text-property beg (point) 'rlm-finding finding)))

(defun rlm-review--sentence (text)
  "Return TEXT as a sentence."
  (concat (upcase (substring text 0 (min 1 (length text))))
          (string-remove-suffix "." (substring text (min 1 (length text))))
          "."))

(defun rlm-review--at-point ()
  "Return the finding at point."
  (or (get-text-property (point) 'rlm-finding)
      (user-error "There is no finding here")))

(defun rlm-review-next (&optional count)
  "Go to the next finding, or COUNT findings on."
  (interactive "p")
  (dotimes (_ (or count 1))
    (let ((next (next-single-property-change (point) 'rlm-finding)))
      (unless (and next (get-text-property next 'rlm-finding))
        (user-error "There is no further finding"))
      (goto-char next))))

(defun rlm-review-previous (&optional count)
  "Go to the previous finding, or COUNT findings back."
  (interactive "p")
  (dotimes (_ (or count 1))
    (let ((beg (if (or (bobp) (not (eq (get-text-property (point) 'rlm-finding)
                                       (get-text-property (1- (point))
                                                          'rlm-finding))))
                   (point)
                 (previous-single-property-change (point) 'rlm-finding
                                                  nil (point-min)))))
      (when (= beg (point-min))
        (user-error "There is no earlier finding"))
      (goto-char (previous-single-property-change beg 'rlm-finding
                                                  nil (point-min))))))

(defun rlm-review-next-error (count &optional reset)
  "Visit the finding COUNT further; with RESET, begin at the first."
  (when reset (goto-char (point-min)))
  (cond
   ((and reset (get-text-property (point) 'rlm-finding)))
   ((> count 0) (rlm-review-next count))
   ((< count 0) (rlm-review-previous (- count))))
  (rlm-review-visit))

(defun rlm-review--file (finding)
  "Return the file of FINDING."
  (let* ((uri (plist-get finding :uri))
         (file (and uri (rlm--uri-to-path uri))))
    (unless (and file (rlm--local-file-p file))
      (user-error "There is no file %s any more" (plist-get finding :path)))
    file))

(defun rlm-review--mark-of (finding)
  "Return the mark of FINDING in the current buffer, or nil."
  (seq-find (lambda (it)
              (equal (plist-get (overlay-get it 'rlm-finding) :id)
                     (plist-get finding :id)))
            (overlays-in (point-min) (point-max))))

(defun rlm-review--open (finding)
  "Return the buffer of FINDING, whose text is marked."
  (let ((buffer (find-file-noselect (rlm-review--file finding))))
    (with-current-buffer buffer
      (unless (rlm-review--mark-of finding)
        (rlm-review--mark-buffer)))
    buffer))

(defun rlm-review-visit ()
  "Go to the lines of the finding at point, in another window."
  (interactive)
  (let ((finding (rlm-review--at-point)))
    (pop-to-buffer (rlm-review--open finding) '(nil (inhibit-same-window . t)))
    (let ((mark (rlm-review--mark-of finding)))
      (if mark
          (rlm--go-to-lines (line-number-at-pos (overlay-start mark) t)
                            (line-number-at-pos (overlay-end mark) t))
        (rlm--go-to-lines (plist-get finding :startLine)
                          (plist-get finding :endLine))
        (message "These lines have changed since the review")))))

(defun rlm-review-visit-at-mouse (event)
  "Go to the lines of the finding that EVENT points at."
  (interactive "e")
  (mouse-set-point event)
  (rlm-review-visit))

(defun rlm-review-cancel ()
  "Cancel the review of this buffer."
  (interactive)
  (rlm-job-cancel rlm-review--run))

;;;; What can be done about a finding

(defun rlm-review-explain ()
  "Ask for an explanation of the finding at point."
  (interactive)
  (let ((finding (rlm-review--at-point)))
    (with-current-buffer (rlm-review--open finding)
      (save-restriction
        (widen)
        (pcase-let ((`(,beg . ,end) (rlm-review--lines finding)))
          (rlm--ask (format "Is this right, and what should be done about it? %s %s"
                            (rlm-review--sentence (plist-get finding :sentence))
                            (rlm-review--sentence (plist-get finding :reason)))
                    (rlm--region-scope beg end)))))))

(defun rlm-review--lines (finding)
  "Return where the lines of FINDING begin and end in the current buffer."
  (let ((mark (rlm-review--mark-of finding)))
    (unless mark
      (user-error "These lines have changed since the review: review again"))
    (save-excursion
      (goto-char (overlay-end mark))
      (let ((end (line-end-position)))
        (goto-char (overlay-start mark))
        (cons (line-beginning-position) end)))))

(declare-function rlm-edit "rlm-edit" (instruction scope &optional finding))

(defun rlm-review-fix ()
  "Mend the finding at point, after its change was shown.
If nothing is known that would mend it, a model proposes a change.
The buffer is changed and not saved, and one undo takes it back."
  (interactive)
  (let* ((finding (rlm-review--at-point))
         (buffer (rlm-review--open finding))
         (fix (plist-get finding :fix)))
    (with-current-buffer buffer
      (save-restriction
        (widen)
        (if fix
            (rlm-review--make-fix finding (plist-get fix :lines))
          (pcase-let ((`(,beg . ,end) (rlm-review--lines finding)))
            (require 'rlm-edit)
            (rlm-edit "Mend what was found here, and nothing else."
                      (rlm--region-scope beg end)
                      (plist-get finding :id))))))))

(defun rlm-review--make-fix (finding new)
  "Put NEW in the place of the lines of FINDING, after it was shown."
  (pcase-let* ((`(,beg . ,end) (rlm-review--lines finding))
               (old (buffer-substring-no-properties beg end)))
    (rlm-review--show-change finding old new)
    (unless (yes-or-no-p "Change these lines? ")
      (user-error "Nothing was changed"))
    (barf-if-buffer-read-only)
    (undo-boundary)
    (goto-char beg)
    (delete-region beg end)
    (insert new)
    (undo-boundary)
    (message "Changed, and not saved")))

(defun rlm-review--show-change (finding old new)
  "Show that the lines OLD of FINDING become NEW."
  (let ((prefixed (lambda (prefix text)
                    (mapconcat (lambda (line) (concat prefix line "\n"))
                               (split-string text "\n") ""))))
    (with-current-buffer (get-buffer-create "*rlm change*")
      (let ((inhibit-read-only t))
        (erase-buffer)
        (insert (format "--- a/%s\n+++ b/%s\n@@ -%d,%d +%d,%d @@\n"
                        (plist-get finding :path) (plist-get finding :path)
                        (plist-get finding :startLine)
                        (length (split-string old "\n"))
                        (plist-get finding :startLine)
                        (length (split-string new "\n")))
                (funcall prefixed "-" old) (funcall prefixed "+" new))
        (diff-mode)
        (setq buffer-read-only t)
        (goto-char (point-min)))
      (display-buffer (current-buffer)))))

(defun rlm-review-dismiss (reason)
  "Dismiss the finding at point for good, because of REASON.
It is noted in `.rlm/dismissed.json', which is meant to be committed."
  (interactive (progn (rlm-review--at-point)
                      (list (read-string "Dismiss it, because: "))))
  (when (string-blank-p reason)
    (user-error "A dismissal needs a reason"))
  (let* ((finding (rlm-review--at-point))
         (run rlm-review--run)
         (id (plist-get finding :id))
         (argument (list :id id :reason (rlm--unicode reason))))
    (jsonrpc-request (rlm--server-connection (rlm-review--run-server run))
                     :workspace/executeCommand
                     (list :command "rlm.dismiss" :arguments (vector argument)))
    (setf (rlm-review--run-findings run)
          (remq finding (rlm-review--run-findings run)))
    (let ((inhibit-read-only t)
          (beg (previous-single-property-change (1+ (point)) 'rlm-finding
                                                nil (point-min)))
          (end (next-single-property-change (point) 'rlm-finding
                                            nil (point-max))))
      (delete-region beg end))
    (rlm-review--show-marks)
    (message "Dismissed for good")))

;;;; Marks

(defun rlm-review--show-marks ()
  "Mark the findings of all lists in the buffers that visit their files."
  (setq rlm-review--shown nil)
  (dolist (buffer (buffer-list))
    (when-let ((run (buffer-local-value 'rlm-review--run buffer)))
      (dolist (finding (rlm-review--run-findings run))
        (when-let* ((uri (plist-get finding :uri))
                    (file (rlm--uri-to-path uri)))
          (push finding (alist-get file rlm-review--shown nil nil #'equal))))))
  (if rlm-review--shown
      (add-hook 'find-file-hook #'rlm-review--mark-buffer)
    (remove-hook 'find-file-hook #'rlm-review--mark-buffer))
  (dolist (buffer (buffer-list))
    (with-current-buffer buffer
      (when (rlm--buffer-file)
        (rlm-review--mark-buffer)))))

(defun rlm-review--mark-buffer ()
  "Mark the findings of the file that the current buffer visits."
  (save-restriction
    (widen)
    (remove-overlays (point-min) (point-max) 'category 'rlm-finding)
    (let* ((file (rlm--buffer-file))
           (known (and file (not (file-remote-p file))
                       (alist-get (file-truename file) rlm-review--shown
                                  nil nil #'equal))))
      (mapc #'rlm-review--mark known))))

(defun rlm-review--mark (finding)
  "Mark the lines of FINDING in the current buffer."
  (save-excursion
    (goto-char (point-min))
    (when (zerop (forward-line (1- (plist-get finding :startLine))))
      (back-to-indentation)
      (let ((beg (point)))
        (forward-line (- (plist-get finding :endLine)
                         (plist-get finding :startLine)))
        (let ((mark (make-overlay beg (max beg (line-end-position)) nil t)))
          (overlay-put mark 'category 'rlm-finding)
          (overlay-put mark 'rlm-finding finding)
          (overlay-put mark 'face
                       (if (equal (plist-get finding :severity) "warning")
                           'rlm-finding-warning
                         'rlm-finding-note))
          (overlay-put mark 'help-echo (plist-get finding :sentence))
          (overlay-put mark 'evaporate t)
          (overlay-put mark 'modification-hooks
                       '(rlm-review--text-changes)))))))

(defun rlm-review--text-changes (mark after &rest _)
  "Take MARK away AFTER its text has changed."
  (when after (delete-overlay mark)))

(provide 'rlm-review)
;;; rlm-review.el ends here
