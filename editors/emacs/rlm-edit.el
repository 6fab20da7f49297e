;;; rlm-edit.el --- Changes that a model proposes, for rlm  -*- lexical-binding: t; -*-

;; Copyright (c) 2026 the rlm developers

;; Author: the rlm developers
;; URL: https://rlm.example
;; SPDX-License-Identifier: MIT

;; This file is not part of GNU Emacs; its licence is that of rlm.el.

;;; Commentary:

;; A model is asked to change the region, or the file, and what it proposes is
;; shown as a diff.  Nothing is changed before you say so, and nothing is saved.
;;
;;   M-x rlm-edit            change the region, or else the file, as you say
;;   M-x rlm-edit-everywhere make the change that you have made in the region at
;;                           the other places where it belongs
;;
;; In the buffer of the proposal:
;;
;;   a                       make the change at point
;;   A                       make all changes that are neither made nor rejected
;;   k                       reject the change at point
;;   e                       propose the change at point at other places as well
;;   n, TAB / p, S-TAB       next, previous change
;;   RET                     go to where it is
;;   g                       ask again
;;   C-c C-k                 cancel a proposal that is being written
;;   q                       bury the buffer
;;
;; A change is made in the text as it is then: it is looked for anew where you
;; have edited meanwhile, and refused if it does not fit any more.  One undo in
;; the buffer of the file takes it back.

;;; Code:

(require 'rlm)
(require 'rlm-job)
(require 'diff-mode)

(cl-defstruct (rlm-edit--run (:include rlm-job)
                             (:constructor rlm-edit--make-run) (:copier nil))
  "A change: what is asked for, and what is proposed."
  instruction
  ;; What else is asked for: parameters of the protocol.
  more
  ;; The changes, and an alist of their numbers and what became of them.
  hunks states)

(defvar-local rlm-edit--run nil
  "The proposal that the buffer shows.")

(defvar rlm-edit--applying nil
  "Whether the user has asked for edits of the server.")

(defvar rlm-edit-history nil
  "The changes that were asked for.")

;;;; Asking

;;;###autoload
(defun rlm-edit (instruction scope &optional finding)
  "Have a model propose a change of SCOPE by INSTRUCTION.
That is the region if it is active, and else the file.  FINDING is
the identity of a finding that is to be mended.  Return the buffer of
the proposal."
  (interactive
   (let ((scope (rlm-edit--scope)))
     (list (read-string (format "Change in %s: " (rlm--scope-label scope))
                        nil 'rlm-edit-history)
           scope)))
  (when (string-blank-p instruction)
    (user-error "Say what is to change"))
  (rlm-edit--ask instruction scope (when finding (list :findingId finding))))

;;;###autoload
(defun rlm-edit-everywhere (scope)
  "Make a change that you have made at all other places where it belongs.
It is what you have changed in SCOPE, the region, since it was saved or
committed.  Other places are looked for without a model; those that
have the same words but for one name are changed without one, and the
others by the model that is configured.  Nothing is changed before you
say so.  Return the buffer of the proposal."
  (interactive
   (progn
     (unless (use-region-p)
       (user-error "Select the lines that you have changed"))
     (list (rlm-edit--scope))))
  (rlm-edit--ask "The same change everywhere" scope '(:everywhere t)))

(defun rlm-edit--ask (instruction scope more)
  "Ask for a change of SCOPE by INSTRUCTION, with MORE parameters.
Return the buffer of the proposal."
  (let ((buffer (generate-new-buffer
                 (format "*rlm change: %s*" (rlm--scope-label scope)))))
    (with-current-buffer buffer
      (rlm-edit-mode)
      (rlm-edit--begin instruction scope more))
    (pop-to-buffer buffer rlm-display-action)
    buffer))

(defun rlm-edit--scope ()
  "Return the scope of the region if it is active, else of the file."
  (unless (rlm--buffer-file)
    (user-error "This buffer visits no file: save it to have it changed"))
  (if (use-region-p)
      (rlm--region-scope (region-beginning) (region-end))
    (rlm--file-scope (rlm--buffer-file))))

(defun rlm-edit--begin (instruction scope more)
  "Have INSTRUCTION done in SCOPE; MORE are parameters of the protocol."
  (let ((run (rlm-edit--make-run
              :scope scope :instruction instruction :more more
              :title "A change is being written..."
              :insert #'rlm-edit--insert
              :finish #'rlm-edit--on-result)))
    (rlm-job-begin run "edit" :rlm/edit
                   (append (list :instruction (if (plist-get more :everywhere)
                                                  ""
                                                (rlm--unicode instruction)))
                           more))
    (setq rlm-edit--run run)))

(defun rlm-edit--on-result (run result)
  "Show the proposal RESULT of RUN."
  (setf (rlm-edit--run-hunks run)
        (seq-mapcat (lambda (file)
                      (mapcar (lambda (hunk) (cons file hunk))
                              (plist-get file :hunks)))
                    (plist-get result :files)))
  (rlm-edit--insert run (concat (plist-get result :summary) "\n"))
  (when (buffer-live-p (rlm-edit--run-buffer run))
    (with-current-buffer (rlm-edit--run-buffer run)
      (let ((inhibit-read-only t))
        (goto-char (point-max))
        (seq-doseq (it (plist-get result :warnings))
          (insert (propertize (format "Warning: %s.\n" it) 'face 'warning)))
        (seq-doseq (it (plist-get result :checks))
          (rlm-edit--insert-check it))
        (seq-doseq (it (plist-get result :places))
          (rlm-edit--insert-place it))
        (pcase-dolist (`(,file . ,hunk) (rlm-edit--run-hunks run))
          (rlm-edit--insert-hunk run file hunk))
        (goto-char (point-min))
        (ignore-errors (rlm-edit-next))
        (when-let ((window (get-buffer-window)))
          (set-window-point window (point))))
      (message "rlm: %d changes; a makes one, A all, k rejects one"
               (length (rlm-edit--run-hunks run))))))

(defun rlm-edit--insert-check (check)
  "Insert the outcome of CHECK, a command of the project that was run."
  (insert (propertize (concat (plist-get check :sentence) ".\n")
                      'face (if (equal (plist-get check :state) "passed")
                                'success
                              'warning)))
  (let ((output (plist-get check :output)))
    (unless (string-empty-p (or output ""))
      (insert (propertize (concat output "\n") 'face 'shadow)))))

(defun rlm-edit--insert-place (place)
  "Insert PLACE, one that is alike and not changed."
  (let ((path (and (plist-get place :uri)
                   (rlm--uri-to-path (plist-get place :uri))))
        (lines (cons (plist-get place :startLine) (plist-get place :endLine))))
    (insert "Not changed: ")
    (insert-text-button
     (format "%s:%d" (plist-get place :path) (car lines))
     'action (lambda (_)
               (unless (and path (file-exists-p path))
                 (user-error "There is no such file any more"))
               (pop-to-buffer (find-file-noselect path)
                              '(nil (inhibit-same-window . t)))
               (rlm--go-to-lines (car lines) (cdr lines))))
    (insert (format ": %s (%s)\n" (string-trim (plist-get place :text))
                    (plist-get place :why)))))

;;;; The proposal

(defvar rlm-edit-mode-map
  (let ((map (make-sparse-keymap)))
    (define-key map "a" #'rlm-edit-accept)
    (define-key map "A" #'rlm-edit-accept-all)
    (define-key map "k" #'rlm-edit-reject)
    (define-key map "e" #'rlm-edit-everywhere-like-this)
    (define-key map "n" #'rlm-edit-next)
    (define-key map "p" #'rlm-edit-previous)
    (define-key map (kbd "TAB") #'rlm-edit-next)
    (define-key map (kbd "<backtab>") #'rlm-edit-previous)
    (define-key map (kbd "RET") #'rlm-edit-visit)
    (define-key map (kbd "C-c C-k") #'rlm-edit-cancel)
    map)
  "Keys of `rlm-edit-mode'.")

(define-derived-mode rlm-edit-mode special-mode "Change"
  "Mode of a change that a model proposes.

\\{rlm-edit-mode-map}"
  (setq-local font-lock-defaults diff-font-lock-defaults)
  (setq-local revert-buffer-function #'rlm-edit--again))

(defun rlm-edit--again (&rest _)
  "Ask for the same change again."
  (let ((run rlm-edit--run))
    (when (rlm-job-running-p run)
      (user-error "This change is still being written"))
    (rlm-edit--begin (rlm-edit--run-instruction run) (rlm-edit--run-scope run)
                     (rlm-edit--run-more run))))

(defun rlm-edit--insert (run text)
  "Fill the buffer of RUN with TEXT, below what was asked for."
  (when (buffer-live-p (rlm-edit--run-buffer run))
    (with-current-buffer (rlm-edit--run-buffer run)
      (let ((inhibit-read-only t))
        (erase-buffer)
        (insert (propertize (rlm-edit--run-instruction run) 'face 'bold)
                "\n\n" text)
        (goto-char (point-min))))))

(defun rlm-edit--insert-hunk (run file hunk)
  "Insert HUNK of FILE, which RUN proposes."
  (let ((beg (point)))
    (insert "\n" (rlm-edit--heading run file hunk) "\n" (plist-get hunk :diff))
    (put-text-property beg (point) 'rlm-hunk (cons file hunk))))

(defun rlm-edit--heading (run file hunk)
  "Return the line above HUNK of FILE, which RUN proposes."
  (let* ((number (plist-get hunk :number))
         (state (alist-get number (rlm-edit--run-states run))))
    (propertize (format "Change %d of %d, %s%s" (1+ number)
                        (length (rlm-edit--run-hunks run))
                        (plist-get file :path)
                        (if state (format ": %s" state) ""))
                'font-lock-face (if state 'shadow 'bold))))

(defun rlm-edit--at-point ()
  "Return the file and the change at point."
  (or (get-text-property (point) 'rlm-hunk)
      (user-error "There is no change here")))

(defun rlm-edit--beginning ()
  "Return where the change at point begins."
  (let ((own (rlm-edit--at-point)))
    (if (or (bobp) (not (eq own (get-text-property (1- (point)) 'rlm-hunk))))
        (point)
      (previous-single-property-change (point) 'rlm-hunk nil (point-min)))))

(defun rlm-edit-next ()
  "Go to the next change."
  (interactive)
  (let ((next (next-single-property-change (point) 'rlm-hunk)))
    (unless (and next (get-text-property next 'rlm-hunk))
      (user-error "There is no further change"))
    ;; The line above it is blank.
    (goto-char (1+ next))))

(defun rlm-edit-previous ()
  "Go to the previous change."
  (interactive)
  (let ((beg (rlm-edit--beginning)))
    (unless (and (> beg (point-min)) (get-text-property (1- beg) 'rlm-hunk))
      (user-error "There is no earlier change"))
    (goto-char (1- beg))
    (goto-char (1+ (rlm-edit--beginning)))))

(defun rlm-edit--set-state (numbers state)
  "Note STATE for the parts with these NUMBERS."
  (let ((run rlm-edit--run)
        (inhibit-read-only t))
    (dolist (number numbers)
      (setf (alist-get number (rlm-edit--run-states run)) state))
    (save-excursion
      (goto-char (point-min))
      (let (next)
        (while (setq next (next-single-property-change (point) 'rlm-hunk))
          (goto-char next)
          (pcase-let ((`(,file . ,hunk) (get-text-property (point) 'rlm-hunk)))
            (when (memql (plist-get hunk :number) numbers)
              (forward-line 1)
              (delete-region (point) (line-end-position))
              (insert (propertize (rlm-edit--heading run file hunk)
                                  'rlm-hunk (cons file hunk)))
              ;; One change is one piece of text.
              (goto-char next)
              (put-text-property
               next (rlm-edit--piece-end next (plist-get hunk :number))
               'rlm-hunk (get-text-property next 'rlm-hunk)))))))))

(defun rlm-edit--piece-end (beg number)
  "Return where the change NUMBER ends that begins at BEG."
  (let ((end beg))
    (while (and (< end (point-max))
                (eql number (plist-get (cdr (get-text-property end 'rlm-hunk))
                                       :number)))
      (setq end (next-single-property-change end 'rlm-hunk nil (point-max))))
    end))

(defun rlm-edit-accept ()
  "Make the change at point.
The buffer of its file is changed and not saved, and one undo there
takes it back."
  (interactive)
  (rlm-edit--apply (list (plist-get (cdr (rlm-edit--at-point)) :number)))
  (ignore-errors (rlm-edit-next)))

(defun rlm-edit-accept-all ()
  "Make what was neither made nor rejected."
  (interactive)
  (let* ((states (rlm-edit--run-states rlm-edit--run))
         (numbers (mapcar (lambda (it) (plist-get (cdr it) :number))
                          (rlm-edit--run-hunks rlm-edit--run)))
         (open (seq-remove (lambda (it) (alist-get it states)) numbers)))
    (unless open
      (user-error "All changes are made or rejected"))
    (rlm-edit--apply open)))

(defun rlm-edit-reject ()
  "Reject the change at point."
  (interactive)
  (rlm-edit--set-state (list (plist-get (cdr (rlm-edit--at-point)) :number))
                       "rejected")
  (ignore-errors (rlm-edit-next)))

(defun rlm-edit-everywhere-like-this ()
  "Have the change at point made at all other places where it belongs."
  (interactive)
  (let ((number (plist-get (cdr (rlm-edit--at-point)) :number))
        (run rlm-edit--run))
    (unless (rlm--running-p (rlm-edit--run-server run))
      (user-error "The server that knows this has ended: ask again (g)"))
    (rlm-edit--ask "The same change everywhere" (rlm-edit--run-scope run)
                   (list :everywhere t
                         :like (list :queryId (rlm-edit--run-id run)
                                     :hunks (vector number))))))

(defun rlm-edit--apply (numbers)
  "Make the parts with these NUMBERS."
  (let* ((run rlm-edit--run)
         (server (rlm-edit--run-server run))
         (rlm-edit--applying t))
    (unless (rlm--running-p server)
      (user-error "The server that knows this has ended: ask again (g)"))
    (rlm--sync server)
    (let ((result (condition-case error
                      (jsonrpc-request
                       (rlm--server-connection server) :workspace/executeCommand
                       (list :command "rlm.applyEdit"
                             :arguments
                             (vector (list :queryId (rlm-edit--run-id run)
                                           :hunks (vconcat numbers)))))
                    (jsonrpc-error
                     (user-error "%s"
                                 (alist-get 'jsonrpc-error-message (cddr error)
                                            (error-message-string error)))))))
      (unless (eq (plist-get result :applied) t)
        (user-error "Nothing was changed: %s"
                    (or (plist-get result :reason) "no reason was given")))
      (rlm-edit--set-state numbers "made, and not saved")
      (message "Changed, and not saved"))))

(defun rlm-edit-visit ()
  "Go to where the change at point is, in another window."
  (interactive)
  (pcase-let* ((`(,file . ,hunk) (rlm-edit--at-point))
               (path (rlm--uri-to-path (or (plist-get file :renamedFrom)
                                           (plist-get file :uri)))))
    (unless (file-exists-p path)
      (user-error "There is no file %s yet" (plist-get file :path)))
    (pop-to-buffer (find-file-noselect path) '(nil (inhibit-same-window . t)))
    (let ((line (1+ (plist-get (plist-get (plist-get hunk :range) :start)
                               :line))))
      (rlm--go-to-lines line line))))

(defun rlm-edit-cancel ()
  "Cancel the proposal that is being written."
  (interactive)
  (rlm-job-cancel rlm-edit--run))

;;;; Edits of the server

(defun rlm-edit--make (edit)
  "Make EDIT, a workspace edit that the user has asked for.
Return what the protocol wants to hear of it."
  (condition-case error
      (progn
        (unless rlm-edit--applying
          (user-error "Nobody has asked for this edit"))
        (let ((changes (append (plist-get edit :documentChanges) nil)))
          (mapc #'rlm-edit--check changes)
          (mapc #'rlm-edit--make-one changes))
        '(:applied t))
    (error (list :applied :json-false
                 :failureReason (rlm--unicode (error-message-string error))))))

(defun rlm-edit--buffer (change)
  "Return the buffer of the document that CHANGE edits."
  (find-file-noselect
   (rlm--uri-to-path (plist-get (plist-get change :textDocument) :uri))))

(defun rlm-edit--check (change)
  "Signal an error if CHANGE cannot be made."
  (pcase (plist-get change :kind)
    ('nil
     (with-current-buffer (rlm-edit--buffer change)
       (barf-if-buffer-read-only)
       (let ((version (plist-get (plist-get change :textDocument) :version))
             (document (and rlm--server
                            (seq-find (lambda (it)
                                        (eq (rlm--document-buffer it)
                                            (current-buffer)))
                                      (rlm--server-documents rlm--server)))))
         (cond
          (document
           (unless (and (eql version (rlm--document-version document))
                        (= (buffer-chars-modified-tick)
                           (rlm--document-tick document)))
             (error "%s has changed meanwhile" (buffer-name))))
          ((or (buffer-modified-p) (not (verify-visited-file-modtime)))
           (error "%s and its file differ" (buffer-name)))))))
    ("create"
     (let ((file (rlm--uri-to-path (plist-get change :uri))))
       (when (file-exists-p file)
         (error "There is a file %s already" file))))
    ("rename"
     (let ((file (rlm--uri-to-path (plist-get change :newUri))))
       (when (file-exists-p file)
         (error "There is a file %s already" file))))
    ("delete"
     (let ((buffer (find-buffer-visiting
                    (rlm--uri-to-path (plist-get change :uri)))))
       (when (and buffer (buffer-modified-p buffer))
         (error "%s is not saved" (buffer-name buffer)))))
    (kind (error "Unknown change: %s" kind))))

(defun rlm-edit--make-one (change)
  "Make CHANGE, a part of a workspace edit."
  (pcase (plist-get change :kind)
    ('nil (with-current-buffer (rlm-edit--buffer change)
            (rlm-edit--make-edits (plist-get change :edits))))
    ;; The file comes when its buffer is saved.
    ("create" (let ((file (rlm--uri-to-path (plist-get change :uri))))
                (make-directory (file-name-directory file) t)
                (find-file-noselect file)))
    ("rename" (let* ((old (rlm--uri-to-path (plist-get change :oldUri)))
                     (new (rlm--uri-to-path (plist-get change :newUri)))
                     (buffer (find-buffer-visiting old)))
                (make-directory (file-name-directory new) t)
                (rename-file old new)
                (when buffer
                  (with-current-buffer buffer
                    (set-visited-file-name new t t)))))
    ("delete" (let* ((file (rlm--uri-to-path (plist-get change :uri)))
                     (buffer (find-buffer-visiting file)))
                (delete-file file t)
                (when buffer (kill-buffer buffer))))))

(defun rlm-edit--make-edits (edits)
  "Make EDITS in the current buffer, so that one undo takes all back."
  (save-excursion
    (save-restriction
      (widen)
      (let* ((dos (eq 1 (coding-system-eol-type buffer-file-coding-system)))
             (text (lambda (it)
                     (let ((text (plist-get it :newText)))
                       (if dos
                           (replace-regexp-in-string "\r\n" "\n" text t t)
                         text))))
             (place (lambda (it)
                      (let* ((range (plist-get it :range))
                             (beg (plist-get range :start))
                             (end (plist-get range :end)))
                        (list (rlm-edit--position beg) (rlm-edit--position end)
                              (funcall text it)))))
             (places (mapcar place edits)))
        (undo-boundary)
        (atomic-change-group
          (pcase-dolist (`(,beg ,end ,text)
                         (sort places (lambda (a b) (> (car a) (car b)))))
            (goto-char beg)
            (delete-region beg end)
            (insert text)))
        (undo-boundary)))))

(defun rlm-edit--position (position)
  "Return where the LSP POSITION is in the current buffer.
There, a carriage return ends a line like a line feed."
  (goto-char (point-min))
  (when (or (zerop (plist-get position :line))
            (re-search-forward "\r\n?\\|\n" nil 'move
                               (plist-get position :line)))
    (let ((units (plist-get position :character)))
      (while (and (> units 0) (not (eolp)))
        (setq units (- units (if (> (char-after) #xffff) 2 1)))
        (forward-char))))
  (point))

(provide 'rlm-edit)
;;; rlm-edit.el ends here
