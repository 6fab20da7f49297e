;;; clients.el --- The server in Emacs without its own client  -*- lexical-binding: t; -*-

;;; Commentary:

;; Eglot and lsp-mode, set up as a person would, drive the program that the
;; environment variable RLM_SERVER names: a review, its diagnostics, a fix and an
;; undo, a dismissal that a restart knows, and one change of two that a model
;; proposes.  Run by tests/emacs/run in an Emacs that has both.

;;; Code:

(require 'cl-lib)
(require 'eglot)
(require 'ert)
(require 'lsp-mode)

(defconst clients-patience 60
  "Seconds for what is to happen: what does not happen then never would.")

(defconst clients-shared
  (expand-file-name "../editors/" (file-name-directory load-file-name))
  "Where a small repository is, and what the model writes.")

(defun clients-text (file)
  "Return the text of FILE of the repository."
  (with-temp-buffer
    (insert-file-contents (expand-file-name (concat "tea/" file) clients-shared))
    (buffer-string)))

(defun clients-wait-for (condition)
  "Wait until CONDITION, a function, returns non-nil."
  (with-timeout (clients-patience (ert-fail (format "It does not happen: %S" condition)))
    (while (not (funcall condition))
      (accept-process-output nil 0.05))))

(defun clients-shown-p (text)
  "Whether a message or a document has TEXT."
  (seq-some (lambda (buffer)
              (with-current-buffer buffer
                (save-excursion
                  (goto-char (point-min))
                  (search-forward text nil t))))
            (cons (messages-buffer)
                  (seq-filter #'buffer-file-name (buffer-list)))))

(defun clients-undo ()
  "Undo the last change of the buffer."
  (primitive-undo 1 (if (car buffer-undo-list) buffer-undo-list
                      (cdr buffer-undo-list))))

;;;; What the two clients have in common

(cl-defgeneric clients-start (client program)
  "Have CLIENT start PROGRAM, a list, for the current buffer.")
(cl-defgeneric clients-stop (client)
  "Have CLIENT end the server of the current buffer.")
(cl-defgeneric clients-execute (client command)
  "Have the server of CLIENT execute COMMAND.")
(cl-defgeneric clients-diagnostics (client)
  "Return the lines that CLIENT shows diagnostics in.")
(cl-defgeneric clients-actions (client)
  "Return the code actions that CLIENT is offered at point.")
(cl-defgeneric clients-choose (client action)
  "Have CLIENT do what ACTION says.")

(defun clients-await-lines (client lines)
  "Wait until CLIENT shows diagnostics in LINES."
  (clients-wait-for (lambda () (equal (clients-diagnostics client) lines))))

(defun clients-do (client title)
  "Have CLIENT do the action at point whose title begins with TITLE."
  (let* ((actions (append (clients-actions client) nil))
         (action (seq-find (lambda (it)
                             (string-prefix-p title (clients-title it)))
                           actions)))
    (unless action
      (ert-fail (list title (mapcar #'clients-title actions))))
    (clients-choose client action)))

(defun clients-title (action)
  "Return the title of ACTION, a property list or a hash table."
  (if (hash-table-p action) (gethash "title" action) (plist-get action :title)))

(defun clients-program (&rest environment)
  "Return the program of the server, with ENVIRONMENT."
  `("env" ,@environment ,(getenv "RLM_SERVER") "lsp"))

(defun clients-open (file root)
  "Visit FILE in ROOT, with undo, and return its buffer."
  (switch-to-buffer (find-file-noselect (expand-file-name file root)))
  (text-mode)
  (buffer-enable-undo)
  (current-buffer))

(defun clients-try (client)
  "Spend a day with CLIENT."
  (let* ((root (file-name-as-directory
                (file-truename (make-temp-file "rlm-clients" t))))
         (default-directory root)
         file
         (model (format "RLM_MODEL=cli:cat %sreply" clients-shared))
         (mean (clients-text "mean.py")))
    ;; What another client was shown.
    (with-current-buffer (messages-buffer)
      (let ((inhibit-read-only t)) (erase-buffer)))
    (mapc #'kill-buffer (seq-filter #'buffer-file-name (buffer-list)))
    (copy-directory (expand-file-name "tea" clients-shared) root nil nil t)
    (call-process "git" nil nil nil "init" "--quiet")
    (setq file (clients-open "README.md" root))
    (clients-start client (clients-program))
    (clients-execute client "rlm.review")
    (clients-await-lines client '(3 4))
    (goto-char (point-min))
    (forward-line 2)
    (clients-do client "RLM: link to")
    (should (string-match-p "docs/plan.md" (buffer-string)))
    (clients-await-lines client '(4))
    (clients-undo)
    (should (equal (buffer-string) (clients-text "README.md")))
    (clients-await-lines client '(3 4))
    (goto-char (point-min))
    (forward-line 2)
    (clients-do client "RLM: explain this finding")
    (clients-wait-for (lambda () (clients-shown-p "The selection is `README.md:3`")))
    (switch-to-buffer file)
    (clients-do client "RLM: dismiss this finding: it is wrong")
    (clients-await-lines client '(4))
    (clients-stop client)
    ;; Another server knows it as well.
    (clients-start client (clients-program))
    (clients-execute client "rlm.review")
    (clients-wait-for (lambda () (clients-shown-p "1 dismissed")))
    (clients-await-lines client '(4))
    (clients-stop client)
    (set-buffer-modified-p nil)
    (kill-buffer)
    ;; A change by a model, in part.
    (setq file (clients-open "mean.py" root))
    (clients-start client (clients-program model))
    (push-mark (point-max) t t)
    (goto-char (point-min))
    (let ((transient-mark-mode t))
      (clients-do client "RLM: document this"))
    (deactivate-mark)
    (clients-wait-for
     (lambda () (clients-shown-p "+    return max(items) - min(items) if items else 0")))
    (switch-to-buffer file)
    (should (equal (buffer-string) mean))
    (goto-char (point-min))
    (forward-line 5)
    (clients-do client "RLM: make change 2 of 2")
    (clients-wait-for
     (lambda () (equal (buffer-string)
                       (concat (string-remove-suffix "\n" mean)
                               " if items else 0\n"))))
    (clients-undo)
    (should (equal (buffer-string) mean))
    ;; Where its lines have changed it is offered no more.
    (goto-char (point-min))
    (search-forward "max")
    (insert "imum")
    (should-not (seq-some (lambda (it)
                            (string-prefix-p "RLM: make change 2"
                                             (clients-title it)))
                          (clients-actions client)))
    (clients-stop client)
    (set-buffer-modified-p nil)
    (kill-buffer)
    (delete-directory root t)))

;;;; Eglot

(cl-defmethod clients-start ((_client (eql 'eglot)) program)
  "Start PROGRAM by Eglot."
  (let ((eglot-server-programs `((text-mode . ,program))))
    (apply #'eglot (eglot--guess-contact))
    (clients-wait-for #'eglot-managed-p)
    ;; It begins by itself when the buffer is displayed.
    (flymake-start)))

(cl-defmethod clients-stop ((_client (eql 'eglot)))
  "End the server of Eglot."
  (eglot-shutdown (eglot-current-server)))

(cl-defmethod clients-execute ((_client (eql 'eglot)) command)
  "Execute COMMAND by Eglot."
  (eglot-execute (eglot-current-server) (list :command command :arguments [])))

(cl-defmethod clients-diagnostics ((_client (eql 'eglot)))
  "Return the lines that Flymake marks."
  ;; It tells of changes when Emacs is idle, which it never is in batch.
  (eglot--signal-textDocument/didChange)
  (mapcar (lambda (it) (line-number-at-pos (flymake-diagnostic-beg it)))
          (flymake-diagnostics)))

(cl-defmethod clients-actions ((_client (eql 'eglot)))
  "Return what Eglot is offered at point or for the region."
  (if (use-region-p)
      (eglot-code-actions (region-beginning) (region-end))
    (eglot-code-actions (point) (point))))

(cl-defmethod clients-choose ((_client (eql 'eglot)) action)
  "Do ACTION by Eglot."
  (eglot-execute (eglot-current-server) action))

;;;; lsp-mode

(defvar clients-lsp-program nil
  "The program that lsp-mode starts.")

(lsp-register-client
 (make-lsp-client
  :new-connection (lsp-stdio-connection (lambda () clients-lsp-program))
  :activation-fn (lambda (&rest _) t) :server-id 'rlm))

;; It loses what comes in one piece with a reply that it waits for, such as the
;; diagnostics that a command changes.  So it is not to wait.
(define-advice lsp-send-execute-command
    (:override (command &optional arguments) rlm)
  (lsp-request-async "workspace/executeCommand"
                     (list :command command :arguments (or arguments []))
                     #'ignore))

(cl-defmethod clients-start ((_client (eql 'lsp-mode)) program)
  "Start PROGRAM by lsp-mode."
  (setq clients-lsp-program program
        lsp-auto-guess-root t
        lsp-restart 'ignore
        lsp-enable-file-watchers nil
        ;; These are autoloads of the package.
        lsp-lens-enable nil
        lsp-modeline-code-actions-enable nil
        lsp-modeline-diagnostics-enable nil
        lsp-modeline-workspace-status-enable nil
        lsp-headerline-breadcrumb-enable nil
        lsp-session-file (expand-file-name "lsp-session" (getenv "HOME")))
  (lsp-workspace-folders-add default-directory)
  (lsp)
  (clients-wait-for
   (lambda ()
     (when-let ((workspace (car (lsp-workspaces))))
       (eq 'initialized (lsp--workspace-status workspace))))))

(cl-defmethod clients-stop ((_client (eql 'lsp-mode)))
  "End the server of lsp-mode."
  (lsp-workspace-shutdown (car (lsp-workspaces)))
  (clients-wait-for (lambda () (null (lsp-workspaces)))))

(cl-defmethod clients-execute ((_client (eql 'lsp-mode)) command)
  "Execute COMMAND by lsp-mode."
  (lsp-send-execute-command command))

(cl-defmethod clients-diagnostics ((_client (eql 'lsp-mode)))
  "Return the lines that lsp-mode knows diagnostics in."
  (mapcar (lambda (it) (1+ (lsp-get (lsp-get (lsp-get it :range) :start) :line)))
          (gethash (lsp--fix-path-casing buffer-file-name) (lsp-diagnostics))))

(cl-defmethod clients-actions ((_client (eql 'lsp-mode)))
  "Return what lsp-mode is offered at point or for the region."
  (lsp-code-actions-at-point))

(cl-defmethod clients-choose ((_client (eql 'lsp-mode)) action)
  "Do ACTION by lsp-mode."
  (lsp-execute-code-action action))

;;;; The tests

(ert-deftest clients-eglot () (clients-try 'eglot))

(ert-deftest clients-lsp-mode () (clients-try 'lsp-mode))

;;; clients.el ends here
