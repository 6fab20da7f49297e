;;; rlm.el --- Ask questions of a whole repository  -*- lexical-binding: t; -*-

;; Copyright (c) 2026 the rlm developers

;; Author: the rlm developers
;; URL: https://rlm.example
;; Version: 0.1.0
;; Package-Requires: ((emacs "27.1"))
;; Keywords: tools, convenience
;; SPDX-License-Identifier: MIT

;; This file is not part of GNU Emacs.

;; Permission is hereby granted, free of charge, to any person obtaining a copy
;; of this software and associated documentation files (the "Software"), to deal
;; in the Software without restriction, including without limitation the rights
;; to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
;; copies of the Software, and to permit persons to whom the Software is
;; furnished to do so, subject to the following conditions:
;;
;; The above copyright notice and this permission notice shall be included in
;; all copies or substantial portions of the Software.
;;
;; THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
;; IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
;; FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT.  IN NO EVENT SHALL THE
;; AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
;; LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
;; OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
;; SOFTWARE.

;;; Commentary:

;; rlm reads a whole repository, or one enormous file, to answer a question in
;; plain words.  The answer cites the lines it rests on.  This package asks from
;; within Emacs; the work is done by the program `rlm', which must be installed
;; (`cargo install --locked --path .' in a clone of its repository).
;;
;; Asking
;;
;;   M-x rlm-query          the region if it is active, else the current project;
;;                          with a prefix argument the scope is chosen
;;   M-x rlm-query-region   the region
;;   M-x rlm-query-file     the visited file, or one that is asked for
;;   M-x rlm-query-buffer   the buffer, also one that visits no file
;;   M-x rlm-explain        the diagnostic or the symbol at point
;;   M-x rlm-follow-up      what the latest answer was about, as a further question
;;                          of the same session: the model knows the earlier
;;                          questions and answers, and has its variables still
;;
;; The text of buffers that have unsaved changes is what the answer sees, not
;; the file on disk.  Buffers of remote, compressed and encrypted files are never
;; sent.
;;
;; Reading
;;
;; The answer streams into a buffer of its own.  Point at the end of the buffer
;; follows the text; moved elsewhere, it stays where it is.  An answer that comes
;; whole is shown from its start.  Each citation `path:line' is a button, whose face
;; tells what was found of it, as the list below the answer does: `quoted', the
;; lines say what the answer quotes from them; `found', they exist, and nothing is
;; quoted; `missing', there are no such lines, or they do not say what is quoted.
;;
;;   RET, mouse-1           open the cited lines in another window
;;   TAB, n / S-TAB, p      next, previous citation
;;   M-g n, M-g p           (from anywhere) open the next, previous cited lines
;;   C-c C-k                cancel the query; the partial answer stays
;;   f                      ask a follow-up question, in a buffer of its own
;;   r                      go on with a query that was stopped, where it was
;;   g                      ask again
;;   w                      copy the answer as Markdown
;;   t                      show what the run did or does, step by step
;;   q                      bury the buffer
;;   ?                      list the keys
;;
;; Reviewing
;;
;;   M-x rlm-edit            change the region or the file as you say: shown as a
;;                           diff, made change by change: see rlm-edit.el
;;   M-x rlm-review          what should be looked at in the project, as a list
;;                           and as marks in its buffers: see rlm-review.el
;;   M-x rlm-cycle           patches that a model proposes, tried by the project's
;;                           own checks; you choose: see rlm-cycle.el
;;
;; From anywhere: M-x rlm-continue (go on with a conversation of another day), M-x
;; rlm-resume (go on with a query that was stopped, also in another Emacs), M-x
;; rlm-preview (what a question would read and cost), M-x rlm-cancel, M-x rlm-show
;; (go to a running query, or to the last answer), M-x rlm-dogfood (where work on
;; the project pays), M-x rlm-status, M-x rlm-doctor, M-x rlm-shutdown.  While a
;; query runs the mode line says so; mouse-1 there goes to it.  All commands are
;; in `rlm-command-map': see rlm-commands.el.
;;
;; Settings
;;
;;   (setq rlm-command '("/opt/rlm/bin/rlm" "lsp")
;;         rlm-options '(:model "anthropic::claude-sonnet-4-5" :maxCalls 200))
;;
;; `rlm-options' takes the options of the program by their names in the protocol.
;; API keys are no option: the server inherits them from the environment of Emacs
;; (`ANTHROPIC_API_KEY', `RLM_API_KEY', ...; see `setenv'), or has them from
;; `rlm-environment' and `rlm-set-key': see rlm-keys.el.
;;
;; This is no client for a programming language: it keeps one connection of its
;; own to one server for all projects of the session and does not touch eglot or
;; lsp-mode.  Nothing is started, hooked or sent before the first question.

;;; Code:

(require 'browse-url)
(require 'button)
(require 'cl-lib)
(require 'easymenu)
(require 'jsonrpc)
(require 'project)
(require 'pulse)
(require 'rlm-hints)
(require 'rlm-keys)
(require 'rlm-work)
(require 'seq)
(require 'subr-x)
(require 'url-util)
(require 'xref)

;;;; Settings

(defgroup rlm nil
  "Ask questions of a whole repository."
  :group 'tools
  :prefix "rlm-"
  :link '(emacs-commentary-link "rlm.el"))

(defcustom rlm-command '("rlm" "lsp")
  "The program that answers and its arguments, a list of strings.
A program without a directory is looked up in variable `exec-path'."
  :type '(repeat string))

(defcustom rlm-options nil
  "Options for the server, a property list.
The names are those of the protocol; a list of strings is an
array, and a property list or an alist is an object.  For example

  (:model \"anthropic::claude-sonnet-4-5\" :worker \"ollama::qwen3-coder\"
   :maxCalls 200 :exclude (\"vendor/**\"))

A limit of cost needs prices, in US dollars for a million tokens
read and written; a model without a price is not called then:

  (:model \"qwen3-coder\" :endpoint \"http://127.0.0.1:8000/v1\"
   :maxCost 0.5 :price ((\"qwen3-coder\" 0.3 1.2)))

A change takes effect with the next question.  Options that a
buffer has of its own are laid over the global ones.

API keys are no options: see `rlm-environment'."
  :type '(plist :options ((:model string)
                          (:worker string)
                          (:endpoint (choice string (repeat string)))
                          (:window integer)
                          (:firstTokenTimeout (choice number string))
                          (:silenceTimeout (choice number string))
                          (:reasoningEffort (choice (const "auto")
                                                    (const "none")
                                                    (const "low")
                                                    (const "medium")
                                                    (const "high")))
                          (:strategy (choice (const "auto") (const "direct")
                                             (const "rlm") (const "read")))
                          (:protocol (choice (const "auto") (const "repl")
                                             (const "tools")))
                          (:repair (set (const "doubledCalls")
                                        (const "placeholders")
                                        (const "cleanRetry")))
                          (:tools sexp)
                          (:noCache boolean)
                          (:refresh boolean)
                          (:confirmAbove number)
                          (:traceContent (choice (const "full") (const "none")))
                          (:reviewOnSave boolean)
                          (:maxIterations integer)
                          (:maxDepth integer)
                          (:maxCalls integer)
                          (:maxTokens integer)
                          (:maxErrors integer)
                          (:replyTokens integer)
                          (:maxCost number)
                          (:concurrency integer)
                          (:timeout (choice number string))
                          (:cellTimeout (choice number string))
                          (:include (repeat string))
                          (:exclude (repeat string))
                          (:noIgnore boolean)
                          (:price (alist :key-type string
                                         :value-type (list number number))))))

(defun rlm--with-default (type)
  "Return the custom TYPE with nil, which means that nothing is set."
  `(choice (const :tag "Default" nil) ,type))

;; In the buffer of Customize, an option that is not set says so.
(put 'rlm-options 'custom-type
     `(plist :options
             ,(mapcar (lambda (it) (list (car it) (rlm--with-default (nth 1 it))))
                      (plist-get (cdr (get 'rlm-options 'custom-type)) :options))))

;; An option can name a command to run, so a visited file must not set it.
(put 'rlm-options 'risky-local-variable t)

(defcustom rlm-display-action nil
  "How an answer buffer is displayed, an action of `display-buffer'.
nil means the default of `pop-to-buffer'."
  :type '(choice (const :tag "Default" nil) sexp))

(defcustom rlm-select-answer nil
  "Whether the window of an answer is selected when a question is asked.
If nil, you stay where you are.  A question that is asked in an
answer, such as a follow-up, is always answered in the selected
window."
  :type 'boolean)

(defcustom rlm-answer-functions nil
  "Functions that are called when a query has ended.
They are called in the buffer of the answer, with the state (`done',
`limited', `cancelled' or `failed') and the text of the answer."
  :type 'hook)

(defcustom rlm-events-buffer-size 0
  "How many characters of the traffic with the server are kept.
They are in the buffer `*rlm events*'.  0 keeps nothing.  A change
takes effect when the server is started."
  :type 'integer)

(defface rlm-question '((t :inherit bold))
  "Face of the question at the top of an answer.")

(defface rlm-status '((t :inherit (italic shadow)))
  "Face of the line that says what a query is doing.")

(defface rlm-notice '((t :inherit warning))
  "Face of remarks about an answer: that it is partial, or was cancelled.")

(defface rlm-error '((t :inherit error))
  "Face of the reason why a query failed.")

(defface rlm-heading-1 '((t :inherit bold :height 1.3))
  "Face of headings of the first level.")

(defface rlm-heading-2 '((t :inherit bold :height 1.15))
  "Face of headings of the second level.")

(defface rlm-heading-3 '((t :inherit bold))
  "Face of headings of the third and deeper levels.")

(defface rlm-code '((t :inherit (fixed-pitch font-lock-constant-face)))
  "Face of code within a line.")

(defface rlm-code-block
  '((((class color) (min-colors 88) (background light))
     :inherit fixed-pitch :background "#f2f2f2" :extend t)
    (((class color) (min-colors 88) (background dark))
     :inherit fixed-pitch :background "#2b2b2b" :extend t)
    (t :inherit fixed-pitch))
  "Face of blocks of code.")

(defface rlm-struck '((t :strike-through t :inherit shadow))
  "Face of text that is struck out.")

(defface rlm-quote '((t :inherit italic))
  "Face of quoted lines.")

(defface rlm-bullet '((t :inherit font-lock-builtin-face))
  "Face of the bullets and numbers of lists.")

(defface rlm-markup '((t :inherit shadow))
  "Face of the characters that are markup, such as fences.")

(defface rlm-citation '((t :inherit link))
  "Face of citations whose lines exist, and of which nothing is quoted.")

(defface rlm-citation-quoted
  '((t :inherit (success rlm-citation)))
  "Face of citations whose lines say what the answer quotes from them.")

(defface rlm-citation-missing
  '((t :inherit warning :underline t))
  "Face of citations that do not hold.
There are no such lines, or they do not say what the answer quotes
from them.")

;;;; Runs: one question each

(cl-defstruct (rlm--run (:constructor rlm--make-run) (:copier nil))
  "A question that was asked, and what is known of its answer."
  id question scope server buffer
  ;; The run that it follows, or nil; and the session that it shares with that,
  ;; by which the server knows what belongs together.
  follows session
  ;; The number of the stopped run that it goes on with, or nil.
  resumes
  ;; The value of `rlm-options' that only its buffer has.
  options
  ;; The workspace folders it was asked with.
  roots
  ;; starting, running, answering or cancelling; then done, limited, cancelled
  ;; or failed.
  (state 'starting)
  (message "Starting the server")
  model why context calls tokens cost known
  (work (rlm-work-make))
  (started (float-time)) ended
  result)

(defconst rlm--state-labels
  '((starting "Starting" rlm-status) (running "Working" rlm-status)
    (answering "Answering" rlm-status) (cancelling "Cancelling" rlm-notice)
    (done "Done" success) (limited "Partial" rlm-notice)
    (cancelled "Cancelled" rlm-notice) (failed "Failed" rlm-error))
  "The label and the face of each state of a run.")

(defvar rlm--runs nil
  "The runs that have not ended, newest first.")

(defvar rlm--run-count 0
  "How many questions have been asked in this session.")

(defun rlm--active-p (run)
  "Whether RUN has not ended."
  (memq (rlm--run-state run) '(starting running answering cancelling)))

(defun rlm--note-usage (run usage)
  "Take over the counters of USAGE, a plist of the protocol, into RUN."
  (when-let ((calls (plist-get usage :calls)))
    (setf (rlm--run-calls run) calls))
  (when-let ((input (plist-get usage :inputTokens)))
    (setf (rlm--run-tokens run)
          (+ input (or (plist-get usage :outputTokens) 0))))
  (when-let ((cost (plist-get usage :costUsd)))
    (setf (rlm--run-cost run) cost))
  (when-let ((known (plist-get usage :cachedCalls)))
    (setf (rlm--run-known run) known)))

(defvar-local rlm--run nil
  "The run whose answer the buffer shows.")

(defmacro rlm--in-answer (run &rest body)
  "Evaluate BODY in the buffer of the answer to RUN, if it lives.
Replies arrive in a temporary buffer."
  (declare (indent 1) (debug t))
  `(when (buffer-live-p (rlm--run-buffer ,run))
     (with-current-buffer (rlm--run-buffer ,run) ,@body)))

;;;; Texts and names on the wire

(defun rlm--unicode (text)
  "Return TEXT with what is not Unicode replaced, as JSON demands.
Emacs keeps invalid bytes of a file as characters of their own.
The length stays the same."
  (let ((invalid "[^\u0000-\ud7ff\ue000-\U0010ffff]"))
    (if (string-match-p invalid text)
        (replace-regexp-in-string invalid "\ufffd" text t t)
      text)))

(defconst rlm--uri-characters
  (let ((allowed (copy-sequence url-path-allowed-chars)))
    ;; It is allowed there for what is encoded already.
    (aset allowed ?% nil)
    allowed)
  "The characters that stand for themselves in the path of a URI.")

(defun rlm--path-to-uri (path)
  "Return the file URI of the absolute PATH."
  (let ((path (directory-file-name path)))
    (concat "file://" (unless (string-prefix-p "/" path) "/")
            (url-hexify-string path rlm--uri-characters))))

(defun rlm--uri-to-path (uri)
  "Return the path of the file URI, or nil if it is no such URI."
  (when (string-match "\\`file://[^/]*\\(/.*\\)\\'" uri)
    (let ((path (decode-coding-string
                 (url-unhex-string (encode-coding-string (match-string 1 uri)
                                                         'utf-8))
                 'utf-8)))
      (if (and (eq system-type 'windows-nt)
               (string-match-p "\\`/[[:alpha:]]:" path))
          (substring path 1)
        path))))

(defun rlm--json-options (options)
  "Return OPTIONS, a value of `rlm-options', as an object for JSON.
Options that are nil are left out."
  (unless (or (null options) (rlm--json-fields options))
    (user-error "`rlm-options' must be a property list, not %S" options))
  (rlm--json-object (cl-loop for (name . value) in (rlm--json-fields options)
                             when value
                             collect (cons name (rlm--json-value value name)))))

(defun rlm--json-fields (value)
  "Return the fields of VALUE as an alist by name, or nil if it is no object.
An object is a property list, or an alist by strings or symbols."
  (when (and (consp value) (proper-list-p value))
    (let ((fields (if (keywordp (car value))
                      (cl-loop for (key . rest) on value by #'cddr
                               collect (and rest (cons key (car rest))))
                    value))
          (name (lambda (key)
                  (if (symbolp key)
                      (string-remove-prefix ":" (symbol-name key))
                    key))))
      (when (cl-every (lambda (field)
                        (and (car-safe field)
                             (or (stringp (car field)) (symbolp (car field)))))
                      fields)
        (cl-loop for (key . field) in fields
                 collect (cons (funcall name key) field))))))

(defun rlm--json-object (fields)
  "Return FIELDS, an alist by name, as an object for JSON."
  (or (cl-loop for (name . value) in fields
               append (list (intern (concat ":" name)) value))
      (make-hash-table)))

(defun rlm--json-value (value option)
  "Return VALUE, all or part of that of OPTION, as JSON has it.
A list that is no object is an array."
  (let ((convert (lambda (it) (rlm--json-value it option)))
        (fields (rlm--json-fields value)))
    (cond
     (fields
      (rlm--json-object (cl-loop for (name . field) in fields
                                 collect (cons name (funcall convert field)))))
     ((or (proper-list-p value) (vectorp value))
      (vconcat (mapcar convert value)))
     ((or (memq value '(t :json-false))
          (integerp value)
          (and (floatp value) (< (abs value) 1.0e+INF))
          (and (stringp value) (equal value (rlm--unicode value))))
      value)
     (t
      (user-error "`rlm-options': %s cannot be %S; strings, numbers and lists \
of them can be sent" option value)))))

;;;; The server

(cl-defstruct (rlm--server (:constructor rlm--make-server) (:copier nil))
  "A running server."
  connection process log
  ;; The default value of `rlm-options' that it has.
  options
  ;; What was laid over the environment of Emacs when it was started.
  environment
  ;; starting, ready or closing.
  (state 'starting)
  ;; Why it ended.
  problem
  ;; The runs that wait for it to be ready, newest first.
  waiting
  ;; Its workspace folders, the projects that it was asked about, and the
  ;; buffers it has the text of.
  folders projects documents)

(defvar rlm--server nil
  "The server of this session, or nil.")

(defconst rlm--start-timeout 30
  "How many seconds a server may take to be ready.")

(defconst rlm--log-limit 200000
  "How many characters of the server's messages are kept.")

(defconst rlm--log-hint "The server's messages are in the buffer *rlm log*."
  "Where to look if something is wrong with the server.")

(defconst rlm--restart-hint
  (concat "The next question starts it again.  " rlm--log-hint)
  "What to do about a server that has ended.")

(defun rlm--log-buffer ()
  "Return the buffer of what servers wrote to standard error."
  (or (get-buffer "*rlm log*")
      (with-current-buffer (get-buffer-create "*rlm log*")
        (special-mode)
        (setq buffer-undo-list t)
        (current-buffer))))

(defun rlm--log-filter (_process text)
  "Append TEXT, which a server wrote to standard error, to the log."
  (with-current-buffer (rlm--log-buffer)
    (let ((inhibit-read-only t))
      (save-excursion
        (goto-char (point-max))
        (insert text)
        (when (> (buffer-size) rlm--log-limit)
          (delete-region (point-min) (- (point-max) rlm--log-limit)))))))

(defun rlm--last-log-line (server)
  "Return the last line that SERVER wrote to its log, or nil."
  ;; The process ends before the last of its messages has been read.
  (cl-loop repeat 20 while (accept-process-output (rlm--server-log server) 0.05))
  (with-current-buffer (rlm--log-buffer)
    (save-excursion
      (goto-char (point-max))
      (skip-chars-backward " \t\n")
      (let ((line (string-trim (buffer-substring-no-properties
                                (line-beginning-position) (point)))))
        (unless (string-empty-p line) line)))))

(defun rlm--running-p (server)
  "Whether SERVER can be asked."
  (and server
       (not (eq (rlm--server-state server) 'closing))
       (jsonrpc-running-p (rlm--server-connection server))))

(defun rlm--connect (root)
  "Return the server, started if there is none.
ROOT is the first workspace folder of a new one."
  (when (rlm--running-p rlm--server)
    (rlm--renew-environment rlm--server))
  (unless (rlm--running-p rlm--server)
    (setq rlm--server (rlm--start root)))
  rlm--server)

(defvar rlm--busy-functions (list (lambda () rlm--runs))
  "Functions that tell whether something is being worked on.")

(defun rlm--renew-environment (server)
  "Stop SERVER if it lacks a key that was set since it was started.
Nothing is stopped while it works."
  (unless (or (run-hook-with-args-until-success 'rlm--busy-functions)
              (equal (rlm--server-environment server) (rlm-keys-environment)))
    (rlm--stop server)))

(defun rlm--check-command ()
  "Signal an error if `rlm-command' can start no server."
  (unless (and (consp rlm-command) (cl-every #'stringp rlm-command))
    (user-error "`rlm-command' must be a list of strings, such as (\"rlm\" \
\"lsp\"), not %S" rlm-command))
  (unless (executable-find (car rlm-command))
    (user-error "Cannot find `%s' in `exec-path': install it (`cargo install \
--locked --path .' in its repository) or customize `rlm-command'"
                (car rlm-command))))

(defun rlm--start (root)
  "Start a server with the workspace folder ROOT and return it."
  (rlm--check-command)
  (let* ((default-directory root)
         (environment (rlm-keys-environment))
         (process-environment (append environment process-environment))
         (log (make-pipe-process :name "rlm log" :buffer (rlm--log-buffer)
                                 :noquery t :filter #'rlm--log-filter
                                 :sentinel #'ignore))
         (process (make-process :name "rlm" :command rlm-command :noquery t
                                :connection-type 'pipe :stderr log
                                :coding 'utf-8-emacs-unix))
         (server (rlm--make-server :process process :log log :folders (list root)
                                   :environment environment
                                   :options (rlm--default-options))))
    (setf (rlm--server-connection server)
          (apply #'make-instance 'jsonrpc-process-connection
                 :name "rlm" :process process
                 :notification-dispatcher
                 (lambda (_connection method params)
                   (rlm--on-notification method params))
                 :request-dispatcher #'rlm--on-request
                 :on-shutdown (lambda (_connection) (rlm--on-exit server))
                 (rlm--events-arguments)))
    (add-hook 'kill-emacs-hook #'rlm-shutdown)
    (condition-case error
        (rlm--initialize server root)
      ;; If the program has ended already, `rlm--on-exit' says why.
      (error (rlm--give-up server (error-message-string error))))
    server))

(defun rlm--initialize (server root)
  "Begin the conversation with SERVER, whose folder is ROOT."
  (jsonrpc-async-request
   (rlm--server-connection server) :initialize (rlm--initialize-params root)
   :timeout rlm--start-timeout
   :success-fn (lambda (result)
                 ;; Sending from within a process filter can make it run again
                 ;; before it has ended, so that comes after it.
                 (run-at-time 0 nil #'rlm--on-initialized server result))
   :error-fn (lambda (error)
               (rlm--give-up server (or (plist-get error :message) "no reason")))
   :timeout-fn (lambda ()
                 (rlm--give-up server (format "it was not ready after %d seconds"
                                              rlm--start-timeout)))))

(defun rlm--events-arguments ()
  "Return the arguments of a connection that limit its log of events."
  ;; The name changed with version 1.0.18 of jsonrpc.el, where the old one warns.
  (if (fboundp 'jsonrpc-convert-to-endpoint)
      `(:events-buffer-config (:size ,rlm-events-buffer-size :format full))
    `(:events-buffer-scrollback-size ,rlm-events-buffer-size)))

(defun rlm--workspace-folder (root)
  "Return the workspace folder of the protocol for ROOT."
  (list :uri (rlm--path-to-uri root)
        :name (rlm--unicode (file-name-nondirectory (directory-file-name root)))))

(defun rlm--initialize-params (root)
  "Return the parameters of `initialize' for the folder ROOT."
  (list :processId (emacs-pid)
        :clientInfo (list :name "Emacs" :version emacs-version)
        :rootUri (rlm--path-to-uri root)
        :workspaceFolders (vector (rlm--workspace-folder root))
        :initializationOptions (rlm--json-options (rlm--default-options))
        :capabilities '(:workspace (:workspaceFolders t
                                    :applyEdit t
                                    :workspaceEdit
                                    (:documentChanges t
                                     :resourceOperations
                                     ["create" "rename" "delete"]))
                        :general (:positionEncodings ["utf-16"]))))

(defun rlm--on-initialized (server result)
  "Begin work with SERVER, whose answer to `initialize' is RESULT."
  (let* ((capabilities (plist-get result :capabilities))
         (experimental (plist-get capabilities :experimental)))
    (cond
     ((not (rlm--running-p server)))
     ((not (plist-get experimental :rlm))
      (rlm--give-up server (format "`%s' is not an rlm language server"
                                   (string-join rlm-command " "))))
     (t
      (jsonrpc-notify (rlm--server-connection server)
                      :initialized (make-hash-table))
      (setf (rlm--server-state server) 'ready)
      (let ((waiting (nreverse (rlm--server-waiting server))))
        (setf (rlm--server-waiting server) nil)
        (mapc #'rlm--send waiting))))))

(autoload 'rlm-edit--make "rlm-edit")

(defun rlm--on-request (_connection method params)
  "Answer the request METHOD with PARAMS.
These are to have the user choose among actions, which a language
client must know, and to make edits that the user has asked for.  No
capability promises to answer any other."
  (pcase method
    ('workspace/applyEdit (rlm-edit--make (plist-get params :edit)))
    ('window/showMessageRequest (rlm--choose-action params))
    (_ (jsonrpc-error :code -32601
                      :message (format "%s is not supported" method)))))

(defun rlm--choose-action (params)
  "Return the action of PARAMS that the user agrees to, or nil.
The first one is meant by yes, and none by no."
  (let ((action (seq-first (plist-get params :actions))))
    (and action
         (ignore-errors (y-or-n-p (concat (plist-get params :message) " ")))
         action)))

(defun rlm--on-notification (method params)
  "Handle the notification METHOD with PARAMS."
  (pcase method
    ('rlm/event (rlm--on-event params))
    ('window/showMessage (message "rlm: %s" (plist-get params :message)))))

(defun rlm--give-up (server problem)
  "Stop SERVER, which cannot be used because of PROBLEM."
  (when (rlm--running-p server)
    (setf (rlm--server-problem server)
          (format "The server did not start: %s" problem))
    (rlm--stop server)))

(defun rlm--on-exit (server)
  "Clean up after SERVER, whose process has ended."
  (let* ((expected (eq (rlm--server-state server) 'closing))
         ;; One that was given up has its problem already.
         (quiet (and expected (null (rlm--server-problem server)))))
    (setf (rlm--server-state server) 'closing)
    (mapc #'rlm--forget-document (rlm--server-documents server))
    (when (eq rlm--server server)
      (setq rlm--server nil)
      (remove-hook 'kill-emacs-hook #'rlm-shutdown))
    (unless (rlm--server-problem server)
      (setf (rlm--server-problem server)
            (if expected
                "The server was shut down"
              (rlm--exit-problem server))))
    (dolist (run rlm--runs)
      (when (eq (rlm--run-server run) server)
        (rlm--finish run 'failed nil (rlm--server-problem server)
                     rlm--restart-hint)))
    (unless quiet
      ;; After what jsonrpc.el says, which is less.
      (run-at-time 0 nil #'message "rlm: %s" (rlm--server-problem server)))))

(defun rlm--exit-problem (server)
  "Say how the process of SERVER ended."
  (let ((process (rlm--server-process server))
        (line (rlm--last-log-line server)))
    (format "The server ended (%s %d)%s"
            (if (eq (process-status process) 'signal) "signal" "exit status")
            (process-exit-status process)
            (cond ((null (cdr rlm-command))
                   ": `rlm-command' lacks the argument \"lsp\"")
                  (line (concat ": " line))
                  (t "")))))

(defun rlm--stop (server)
  "Stop SERVER and wait for its end, but never for long."
  (let ((ready (eq (rlm--server-state server) 'ready))
        (process (rlm--server-process server))
        (connection (rlm--server-connection server)))
    (setf (rlm--server-state server) 'closing)
    (when (and ready (process-live-p process))
      (ignore-errors
        (jsonrpc-async-request connection :shutdown nil
                               :success-fn #'ignore :timeout nil)
        (jsonrpc-notify connection :exit nil))
      (rlm--wait-for-end process))
    (delete-process process)))

(defun rlm--wait-for-end (process)
  "Wait for the end of PROCESS, at most a second.
This does not read what PROCESS says.  When Emacs is killed by a
signal no timer runs and no end of a process is noticed any more:
`jsonrpc-request' would then wait for ever, and so would
`accept-process-output' once the output of PROCESS has ended."
  (with-temp-buffer
    (let ((pause (make-pipe-process :name "rlm pause" :buffer (current-buffer)
                                    :noquery t :sentinel #'ignore))
          (deadline (+ (float-time) 1)))
      (while (and (process-live-p process)
                  (not (equal (alist-get 'state (process-attributes
                                                 (process-id process)))
                              "Z"))
                  (< (float-time) deadline))
        (accept-process-output pause 0.02 nil t))
      (delete-process pause))))

;;;###autoload
(defun rlm-shutdown ()
  "Stop the server and every running query.
The next question starts it again."
  (interactive)
  (if (rlm--running-p rlm--server)
      (rlm--stop rlm--server)
    (when (called-interactively-p 'interactive)
      (message "rlm: no server is running"))))

;;;; Scopes: what a question is about

(cl-defstruct (rlm--scope (:constructor rlm--make-scope) (:copier nil))
  "What a question is about."
  ;; workspace, project, directory, paths, file or selection.
  kind
  ;; The workspace folder, and for the last four kinds what lies in it; of paths
  ;; that is a list.
  root file
  ;; The last known LSP range, and the markers it is computed from while the
  ;; buffer lives, so that a question asked again follows its text.
  range beg end
  ;; The buffer whose text it is if that visits no file, and the name by which
  ;; the server knows it.
  text name
  label)

(defun rlm--project-root (directory)
  "Return the root of the project of DIRECTORY, or DIRECTORY without one."
  (let ((project (project-current nil directory)))
    (file-name-as-directory
     (file-truename
      (cond ((null project) directory)
            ((fboundp 'project-root) (project-root project))
            ;; Emacs 27 has the plural only.
            (t (car (with-no-warnings (project-roots project)))))))))

(defun rlm--reject-remote (name)
  "Signal an error if the file NAME is remote."
  (when (file-remote-p name)
    (user-error "%s is remote: rlm reads files of this machine only" name)))

(defun rlm--project-scope ()
  "Return the scope of the current project."
  (rlm--reject-remote default-directory)
  (let ((root (rlm--project-root
               ;; A command of `project-switch-commands', from Emacs 29 on.
               (or (bound-and-true-p project-current-directory-override)
                   default-directory))))
    (rlm--make-scope :kind 'project :root root
                     :label (abbreviate-file-name (directory-file-name root)))))

(defun rlm--workspace-scope ()
  "Return the scope of all projects that were asked about."
  (let ((scope (rlm--project-scope)))
    (setf (rlm--scope-kind scope) 'workspace
          (rlm--scope-label scope) "all projects of this session")
    scope))

(defun rlm--file-scope (file &optional kind)
  "Return the scope of FILE; KIND is `file', `directory' or `selection'."
  (rlm--reject-remote (expand-file-name file))
  (let* ((file (file-truename file))
         (root (rlm--project-root
                (if (eq kind 'directory)
                    (file-name-as-directory file)
                  (file-name-directory file)))))
    (rlm--make-scope :kind (or kind 'file) :root root :file file
                     :label (file-relative-name file root))))

(defun rlm--buffer-file ()
  "Return the name of the file that the current buffer visits, or nil."
  (buffer-file-name (or (buffer-base-buffer) (current-buffer))))

(defun rlm--region-scope (beg end)
  "Return the scope of the text between BEG and END."
  (let ((file (rlm--buffer-file)))
    (when (= beg end)
      (user-error "The region is empty"))
    (let* ((scope (if file
                      (rlm--file-scope file 'selection)
                    (rlm-text-scope 'selection)))
           (last (save-excursion (goto-char end) (if (bolp) (1- end) end)))
           (lines (rlm--line-range (line-number-at-pos beg t)
                                   (line-number-at-pos last t))))
      (setf (rlm--scope-beg scope) (copy-marker beg)
            (rlm--scope-end scope) (copy-marker end)
            (rlm--scope-label scope)
            (format "%s:%s" (rlm--scope-label scope) lines))
      (rlm--scope-range-now scope)
      scope)))

(defun rlm--line-range (first last)
  "Return the lines FIRST to LAST as they are written in a citation."
  (if (= first last) (number-to-string first) (format "%d-%d" first last)))

(defun rlm--lsp-position (position)
  "Return the LSP position of POSITION, whose columns are UTF-16 units.
There, a carriage return ends a line like a line feed."
  (save-excursion
    (save-restriction
      (widen)
      (goto-char (point-min))
      (let ((line 0))
        (if (save-excursion (search-forward "\r" position t))
            (while (re-search-forward "\r\n?\\|\n" position t)
              (setq line (1+ line)))
          ;; This is much quicker.
          (setq line (1- (line-number-at-pos position)))
          (goto-char position)
          (forward-line 0))
        (let ((before (rlm--unicode (buffer-substring-no-properties
                                     (point) position))))
          (list :line line
                :character (/ (length (encode-coding-string before 'utf-16le))
                              2)))))))

(defun rlm--scope-range-now (scope)
  "Return the LSP range of the selection SCOPE as its buffer is now."
  (when-let ((buffer (marker-buffer (rlm--scope-beg scope))))
    (with-current-buffer buffer
      (setf (rlm--scope-range scope)
            (list :start (rlm--lsp-position (rlm--scope-beg scope))
                  :end (rlm--lsp-position (rlm--scope-end scope))))))
  (rlm--scope-range scope))

(defun rlm--scope-params (scope)
  "Return SCOPE as the protocol has it."
  (pcase-exhaustive (rlm--scope-kind scope)
    ((or 'workspace 'project) '(:kind "workspace"))
    ('directory (list :kind "folder"
                      :uri (rlm--path-to-uri (rlm--scope-file scope))))
    ('paths (list :kind "paths"
                  :paths (vconcat (mapcar #'rlm--path-to-uri
                                          (rlm--scope-file scope)))))
    ('file (list :kind "file" :uri (rlm--scope-uri scope)))
    ('selection (list :kind "selection"
                      :uri (rlm--scope-uri scope)
                      :range (rlm--scope-range-now scope)))))

(defun rlm--scope-uri (scope)
  "Return the URI of the document that SCOPE is in."
  (if (rlm--scope-text scope)
      (concat "untitled:" (url-hexify-string (rlm--scope-name scope)))
    (rlm--path-to-uri (rlm--scope-file scope))))

(defun rlm--default-scope ()
  "Return the scope of a question of which nothing else was said.
That is the region if it is active, else the project."
  (if (use-region-p)
      (rlm--region-scope (region-beginning) (region-end))
    (rlm--project-scope)))

(defun rlm--read-scope ()
  "Let the user choose a scope."
  (let* ((file (rlm--buffer-file))
         (choices (append '("project")
                          (and file '("file"))
                          (and (not file) '("buffer"))
                          '("directory")
                          (and (use-region-p) '("region"))
                          (and rlm--server
                               (cdr (rlm--server-projects rlm--server))
                               '("workspace")))))
    (pcase-exhaustive (completing-read "Ask about (default project): "
                                       choices nil t nil nil
                                       (car choices))
      ("project" (rlm--project-scope))
      ("file" (rlm--file-scope file))
      ("buffer" (rlm-text-scope))
      ("directory" (rlm--file-scope (read-directory-name "Directory: " nil nil t)
                                    'directory))
      ("region" (rlm--region-scope (region-beginning) (region-end)))
      ("workspace" (rlm--workspace-scope)))))

;;;; Unsaved buffers are the truth

(cl-defstruct (rlm--document (:constructor rlm--make-document) (:copier nil))
  "A buffer whose text SERVER has."
  server buffer file (version 0) tick)

(defun rlm--unsaved-file (buffer folders)
  "Return the file of BUFFER if the server must be told its text, or nil.
That is so if it lies in one of FOLDERS and the buffer has changes
that are not saved.  A file name handler that reads the file means
that it is remote, compressed or encrypted: the server could not
read its text on disk, so it must not get it from here either."
  (let ((name (buffer-file-name buffer)))
    (when (and name
               (buffer-modified-p buffer)
               (not (find-file-name-handler name 'insert-file-contents)))
      (let ((file (file-truename name)))
        (when (seq-some (lambda (folder) (string-prefix-p folder file)) folders)
          file)))))

(defun rlm--sync (server)
  "Give SERVER the text of the unsaved buffers of its folders."
  (let ((folders (rlm--server-folders server)))
    (dolist (document (rlm--server-documents server))
      (unless (equal (rlm--unsaved-file (rlm--document-buffer document) folders)
                     (rlm--document-file document))
        (rlm--close-document document)))
    (dolist (buffer (buffer-list))
      (when-let ((file (rlm--unsaved-file buffer folders)))
        (rlm--sync-buffer server buffer file)))))

(defun rlm--buffer-text ()
  "Return the whole text of the current buffer."
  (save-restriction
    (widen)
    (rlm--unicode (buffer-substring-no-properties (point-min) (point-max)))))

(defconst rlm--large-buffer 2000000
  "From how many characters on it is said that a text is being sent.")

(defun rlm--sync-buffer (server buffer file)
  "Give SERVER the text of BUFFER, which visits FILE, unless it has it."
  (when (> (buffer-size buffer) rlm--large-buffer)
    (message "Sending the unsaved text of %s..." (buffer-name buffer)))
  (with-current-buffer buffer
    (let ((document (seq-find (lambda (it) (eq (rlm--document-buffer it) buffer))
                              (rlm--server-documents server)))
          (tick (buffer-chars-modified-tick)))
      (cond
       ((null document)
        (rlm--open-document server file tick))
       ((/= tick (rlm--document-tick document))
        (setf (rlm--document-tick document) tick)
        (rlm--notify-document
         document :textDocument/didChange
         (list :version (cl-incf (rlm--document-version document)))
         (list :contentChanges (vector (list :text (rlm--buffer-text))))))))))

(defun rlm--open-document (server file tick)
  "Open the current buffer, which visits FILE, at SERVER; TICK is its state."
  (let ((document (rlm--make-document :server server :buffer (current-buffer)
                                      :file file :tick tick)))
    (push document (rlm--server-documents server))
    (add-hook 'after-save-hook #'rlm--close-current-document nil t)
    (add-hook 'kill-buffer-hook #'rlm--close-current-document nil t)
    (rlm--notify-document
     document :textDocument/didOpen
     (list :version 0
           :languageId (string-remove-suffix "-mode" (symbol-name major-mode))
           :text (rlm--buffer-text)))))

(defun rlm--notify-document (document method fields &optional params)
  "Send METHOD with PARAMS; FIELDS extend the identifier of DOCUMENT."
  (jsonrpc-notify
   (rlm--server-connection (rlm--document-server document)) method
   `(:textDocument (:uri ,(rlm--path-to-uri (rlm--document-file document))
                    ,@fields)
     ,@params)))

(defun rlm--forget-document (document)
  "Remove DOCUMENT from what its server has."
  (let ((server (rlm--document-server document))
        (buffer (rlm--document-buffer document)))
    (setf (rlm--server-documents server)
          (remq document (rlm--server-documents server)))
    (when (buffer-live-p buffer)
      (with-current-buffer buffer
        (remove-hook 'after-save-hook #'rlm--close-current-document t)
        (remove-hook 'kill-buffer-hook #'rlm--close-current-document t)))))

(defun rlm--close-document (document)
  "Close DOCUMENT at its server: from now on the file on disk counts."
  (rlm--forget-document document)
  (when (rlm--running-p (rlm--document-server document))
    (rlm--notify-document document :textDocument/didClose nil)))

(defun rlm--close-current-document ()
  "Close the document of the current buffer, which was saved or is killed."
  (when rlm--server
    (dolist (document (rlm--server-documents rlm--server))
      (when (eq (rlm--document-buffer document) (current-buffer))
        (rlm--close-document document)))))

;;;; Asking

(defvar rlm-query-history nil
  "The questions that were asked.")

(defvar rlm--question-map
  (let ((map (make-sparse-keymap)))
    (set-keymap-parent map minibuffer-local-map)
    (define-key map (kbd "M-RET") #'newline)
    map)
  "Keymap of the minibuffer while a question is typed.")

(defun rlm--read-question (scope &optional initial)
  "Read a question about SCOPE, which is INITIAL to begin with.
A question about the symbol at point is the next in the history."
  (rlm--check-command)
  (rlm--check-size scope)
  (read-from-minibuffer
   (format "Ask about %s: " (rlm--scope-label scope))
   initial rlm--question-map nil 'rlm-query-history
   (when-let ((symbol (thing-at-point 'symbol t)))
     (format "What is `%s`, and who uses it?" symbol))))

(defun rlm--check-size (scope)
  "Ask whether SCOPE is meant if it is the home directory or all there is."
  (let ((root (rlm--scope-root scope)))
    (when (and (eq (rlm--scope-kind scope) 'project)
               (or (equal root "/") (file-equal-p root "~/"))
               (not (y-or-n-p (format "Really ask about everything in %s? "
                                      root))))
      (user-error "Nothing was asked"))))

;;;###autoload
(defun rlm-query (question &optional scope)
  "Ask QUESTION of the current project; the answer gets a buffer of its own.
If the region is active, ask about that.  With a prefix argument,
choose what the question is about: the project, this file or buffer,
a directory, the region, or all projects that were asked about.
From Lisp, SCOPE is nil for the project.  Return the buffer of the
answer."
  (interactive
   (let ((scope (if current-prefix-arg (rlm--read-scope) (rlm--default-scope))))
     (list (rlm--read-question scope) scope)))
  (rlm--ask question (or scope (rlm--project-scope))))

;;;###autoload
(defun rlm-query-region (beg end question)
  "Ask QUESTION about the text between BEG and END.
Interactively, that is the region.  Return the buffer of the
answer."
  (interactive
   (let ((beg (region-beginning))
         (end (region-end)))
     (list beg end (rlm--read-question (rlm--region-scope beg end)))))
  (rlm--ask question (rlm--region-scope beg end)))

;;;###autoload
(defun rlm-query-file (file question)
  "Ask QUESTION about FILE, which defaults to the visited one.
Return the buffer of the answer."
  (interactive
   (let ((file (or (rlm--buffer-file)
                   (progn
                     (rlm--reject-remote default-directory)
                     (read-file-name "File: " nil nil t)))))
     (list file (rlm--read-question (rlm--file-scope file)))))
  (rlm--ask question (rlm--file-scope file)))

;;;###autoload
(defun rlm-follow-up (question &optional answer)
  "Ask QUESTION as a follow-up of ANSWER, about the same text.
ANSWER is an answer buffer and defaults to the current one, or
elsewhere to the latest; with a prefix argument it is chosen.  The
model knows the earlier questions and answers of the session, and
variables that its programs have made are still there.  The answer
gets a buffer of its own, in the place of the one that it follows.
Return that buffer."
  (interactive
   (let* ((answer (rlm--continued (and current-prefix-arg
                                       (rlm--choose-answer))))
          (run (buffer-local-value 'rlm--run answer)))
     (list (read-string (format "Follow up on %s: "
                                (rlm--quote-question run))
                        nil 'rlm-query-history)
           answer)))
  (let ((answer (rlm--continued answer)))
    ;; There, the options are those of the earlier question.
    (with-current-buffer answer
      (rlm--ask question (rlm--run-scope rlm--run) nil rlm--run))))

;;;###autoload
(defun rlm-continue (question session &optional scope)
  "Ask QUESTION as a follow-up in SESSION, which an earlier server has kept.
The model knows the earlier questions and answers, and variables that
its programs have made are there again, unless the text has changed.
Interactively, choose the session by its first question.  With a
prefix argument, choose what the question is about, as with
`rlm-query'.  From Lisp, SCOPE is nil for the project."
  (interactive
   (let* ((scope (if current-prefix-arg (rlm--read-scope) (rlm--project-scope)))
          (session (rlm--read-session (rlm--kept-sessions scope))))
     (list (rlm--read-question scope) session scope)))
  (let ((scope (or scope (rlm--project-scope))))
    (rlm--ask question scope nil nil session)))

(defun rlm--kept-sessions (scope)
  "Return the sessions about the project of SCOPE that can be continued."
  (let ((server (rlm--ready-server (rlm--scope-root scope))))
    (append (plist-get (jsonrpc-request (rlm--server-connection server)
                                        :rlm/sessions nil)
                       :sessions)
            nil)))

(defun rlm--read-session (sessions)
  "Return the name of one of SESSIONS that the user chooses."
  (unless sessions
    (user-error "No conversation about this project is kept"))
  (let* ((choices (mapcar (lambda (session)
                            (cons (format "%s (%d, %s ago)"
                                          (plist-get session :title)
                                          (plist-get session :questions)
                                          (format-seconds
                                           "%yy %dd %hh %z%mm"
                                           (plist-get session :secondsAgo)))
                                  (plist-get session :sessionId)))
                          sessions))
         (chosen (completing-read (format "Continue (default %s): "
                                          (caar choices))
                                  (mapcar #'car choices) nil t nil nil
                                  (caar choices))))
    (cdr (assoc chosen choices))))

;;;###autoload
(defun rlm-resume (run &optional scope)
  "Go on with the stopped query RUN, of which no finished call is paid again.
Interactively, in the buffer of an answer that was cut short, that
is its query; elsewhere, or with a prefix argument, choose one of
those about this project that were stopped, also in another Emacs.
From Lisp, RUN is one of the runs of `rlm/runs', and SCOPE is nil
for the project."
  (interactive
   (if (and rlm--run (not current-prefix-arg))
       (list nil)
     (let ((scope (rlm--project-scope)))
       (list (rlm--read-stopped (rlm--stopped-runs scope)) scope))))
  (if run
      (rlm--ask (plist-get run :query) (or scope (rlm--project-scope))
                nil nil (plist-get run :sessionId) (plist-get run :run))
    (rlm--resume-here)))

(defun rlm--resume-here ()
  "Go on with the query of the current buffer."
  (pcase (rlm--run-state rlm--run)
    ((pred (lambda (_) (rlm--active-p rlm--run)))
     (user-error "The query is still running: C-c C-k cancels it"))
    ('done (user-error "This answer is complete: g asks again")))
  (when (rlm--run-follows rlm--run)
    (rlm--check-session rlm--run))
  ;; Without a number the same question does the same: what is known is served.
  (rlm--ask (rlm--run-question rlm--run) (rlm--run-scope rlm--run)
            (current-buffer) (rlm--run-follows rlm--run)
            (rlm--run-session rlm--run)
            (plist-get (rlm--run-result rlm--run) :run)))

(defun rlm--stopped-runs (scope)
  "Return what was stopped about the project of SCOPE and can go on."
  (let* ((server (rlm--ready-server (rlm--scope-root scope)))
         (runs (plist-get (jsonrpc-request (rlm--server-connection server)
                                           :rlm/runs nil)
                          :runs)))
    (seq-filter (lambda (run) (eq (plist-get run :canGoOn) t)) runs)))

(defun rlm--read-stopped (stopped)
  "Return the one of STOPPED that the user chooses, or the latest."
  (unless stopped
    (user-error "No query about this project was stopped"))
  (let* ((choices (mapcar (lambda (run)
                            (cons (format "%d: %s (%s, %s ago)"
                                          (plist-get run :run)
                                          (rlm--short (plist-get run :query))
                                          (plist-get run :state)
                                          (format-seconds
                                           "%yy %dd %hh %z%mm"
                                           (plist-get run :secondsAgo)))
                                  run))
                          stopped))
         (chosen (completing-read (format "Go on with (default %s): "
                                          (caar choices))
                                  (mapcar #'car choices) nil t nil nil
                                  (caar choices))))
    (cdr (assoc chosen choices))))

(defun rlm--continued (answer)
  "Return ANSWER, or what it defaults to, if it can be followed up now."
  (let ((answer (or answer
                    (and rlm--run (current-buffer))
                    (car (rlm--answers))
                    (user-error "Nothing was asked: M-x rlm-query asks"))))
    (rlm--check-session (buffer-local-value 'rlm--run answer))
    answer))

(defun rlm--check-session (run)
  "Signal an error if a question of the session of RUN is being answered.
They are asked one after the other."
  (when-let ((active (seq-find (lambda (it)
                                 (equal (rlm--run-session it)
                                        (rlm--run-session run)))
                               rlm--runs)))
    (user-error "%s is still being answered: wait for its end, or cancel it"
                (rlm--quote-question active))))

(defun rlm--choose-answer ()
  "Return an answer buffer that the user chooses."
  (let ((names (mapcar #'buffer-name (rlm--answers))))
    (when names
      (get-buffer (completing-read (format "Follow up on (default %s): "
                                           (car names))
                                   names nil t nil nil (car names))))))

(defun rlm--answers ()
  "Return the answer buffers, the one that was shown last first."
  (seq-filter (lambda (buffer) (buffer-local-value 'rlm--run buffer))
              (buffer-list)))

(defun rlm--short (question)
  "Return QUESTION as one short line."
  (truncate-string-to-width
   (replace-regexp-in-string "[ \t\n]+" " " (string-trim question))
   40 nil nil "…"))

(defun rlm--quote-question (run)
  "Return the question of RUN as it is named in a sentence."
  (format "“%s”" (rlm--short (rlm--run-question run))))

(defun rlm--ask (question scope &optional buffer follows session resumes)
  "Ask QUESTION about SCOPE, with the answer in BUFFER or a new one.
FOLLOWS is the run whose session it belongs to, SESSION the name of
one that is kept; without either, it begins a session.  RESUMES is
the number of the stopped run that it goes on with.  Return the
buffer."
  (when (string-blank-p question)
    (user-error "No question was asked"))
  (rlm-text-check scope)
  ;; An error in them is to be met here, not while a server is being started.
  (mapc #'rlm--json-options (list (rlm--default-options) rlm-options))
  (let* ((server (rlm--connect (rlm--scope-root scope)))
         (buffer (or buffer
                     (generate-new-buffer
                      (format "*rlm: %s*" (rlm--short question)))))
         ;; Sessions are named after questions, and outlive this Emacs.
         (id (format "emacs-%s-%d-%d" (format-time-string "%s")
                     (emacs-pid) (cl-incf rlm--run-count)))
         (run (rlm--make-run :id id :question question :scope scope
                             :follows follows :resumes resumes
                             ;; It is named after its first question.
                             :session (cond (follows (rlm--run-session follows))
                                            (session)
                                            (t id))
                             :options (and (local-variable-p 'rlm-options)
                                           rlm-options)
                             :server server :buffer buffer)))
    (push run rlm--runs)
    (with-current-buffer buffer
      (rlm--leave-session run)
      (rlm-answer-mode)
      (when (rlm--run-options run)
        (setq-local rlm-options (rlm--run-options run)))
      (rlm--begin-answer run))
    (rlm--insert-successor run)
    (rlm--update-mode-line)
    (rlm--display run)
    (pcase-exhaustive (rlm--server-state server)
      ('ready (rlm--send run))
      ('starting (push run (rlm--server-waiting server)))
      ('closing (rlm--finish run 'failed nil (rlm--server-problem server)
                             rlm--restart-hint)))
    buffer))

(defun rlm--display (run)
  "Display the buffer of RUN.
A follow-up takes the window of the answer that it follows, so that
what is being looked at beside that stays in view."
  (let* ((follows (rlm--run-follows run))
         (buffer (rlm--run-buffer run))
         (window (and follows
                      (buffer-live-p (rlm--run-buffer follows))
                      (not (get-buffer-window buffer))
                      (get-buffer-window (rlm--run-buffer follows)))))
    (cond
     ((not (or rlm-select-answer (derived-mode-p 'rlm-answer-mode)))
      ;; It is the latest buffer all the same.
      (when-let ((window (display-buffer buffer rlm-display-action)))
        (save-selected-window (select-window window))))
     ((or rlm-display-action (null window))
      (pop-to-buffer buffer rlm-display-action))
     (t
      (select-window window)
      (pop-to-buffer buffer '(display-buffer-same-window))))))

(defun rlm--send (run)
  "Send the question of RUN to its server, which is ready."
  (when (rlm--active-p run)
    (condition-case error
        (let* ((server (rlm--run-server run))
               (scope (rlm--run-scope run))
               (root (rlm--scope-root scope))
               (roots (list root)))
          (cl-pushnew root (rlm--server-projects server) :test #'equal)
          (when (eq (rlm--scope-kind scope) 'workspace)
            (setq roots (rlm--server-projects server)))
          (rlm--set-options server)
          (rlm--set-folders server roots)
          (rlm--sync server)
          (rlm-text-tell server scope t)
          (setf (rlm--run-state run) 'running
                (rlm--run-message run) "Asking"
                (rlm--run-roots run) roots)
          (jsonrpc-async-request
           (rlm--server-connection server) :rlm/query (rlm--query-params run)
           :timeout nil
           :success-fn (lambda (result) (rlm--on-result run result))
           :error-fn (lambda (error) (rlm--on-error run error)))
          (rlm-text-tell server scope nil)
          (rlm--show-status run))
      ;; The server may have ended a moment ago.
      (error (rlm--finish run 'failed nil (error-message-string error)
                          rlm--restart-hint)))))

(defun rlm--default-options ()
  "Return a copy of the options that hold in buffers without their own.
It stays as it is when `rlm-options' is changed in place."
  (copy-tree (default-value 'rlm-options) t))

(defun rlm--set-options (server)
  "Make the default value of `rlm-options' the settings of SERVER.
They are sent whole, so that an option that was removed no longer
holds."
  (let ((options (rlm--default-options)))
    (unless (equal options (rlm--server-options server))
      (setf (rlm--server-options server) options)
      (jsonrpc-notify
       (rlm--server-connection server) :workspace/didChangeConfiguration
       (list :settings (list :rlm (rlm--json-options options)))))))

(defun rlm--set-folders (server roots)
  "Make ROOTS the workspace folders of SERVER.
A query works on what the server has when it arrives, so that
queries about several projects can run at once, each with its own
project as the whole workspace."
  (let* ((folders (rlm--server-folders server))
         (added (seq-difference roots folders))
         (removed (seq-difference folders roots)))
    (when (or added removed)
      (setf (rlm--server-folders server) roots)
      (jsonrpc-notify
       (rlm--server-connection server) :workspace/didChangeWorkspaceFolders
       (list :event
             (list :added (vconcat (mapcar #'rlm--workspace-folder added))
                   :removed (vconcat (mapcar #'rlm--workspace-folder
                                             removed))))))))

(defun rlm--query-params (run)
  "Return the parameters of `rlm/query' for RUN."
  (append (list :query (rlm--unicode (rlm--run-question run))
                :queryId (rlm--run-id run)
                :sessionId (rlm--run-session run)
                :scope (rlm--scope-params (rlm--run-scope run)))
          (when (rlm--run-resumes run)
            (list :resume (rlm--run-resumes run)))
          (when (rlm--run-options run)
            (list :options (rlm--json-options (rlm--run-options run))))))

;;;; What the server says about a run

(defvar rlm--event-functions nil
  "Functions that are told the parameters of each event.")

(defun rlm--on-event (params)
  "Handle the event PARAMS of a run."
  (run-hook-with-args 'rlm--event-functions params)
  (when-let ((run (seq-find (lambda (it)
                              (equal (rlm--run-id it)
                                     (plist-get params :queryId)))
                            rlm--runs)))
    (when (rlm-work-note (rlm--run-work run) params)
      (rlm--show-status run))
    (pcase (plist-get params :kind)
      ("started"
       (setf (rlm--run-model run) (rlm--named (plist-get params :model))
             (rlm--run-why run) (plist-get params :why)
             (rlm--run-context run)
             (rlm--describe-context (plist-get params :context)))
       (rlm--show-context run)
       (rlm--show-status run))
      ("progress"
       (setf (rlm--run-message run) (or (plist-get params :message) "Working"))
       (rlm--note-usage run params)
       (rlm--show-status run))
      ("delta"
       (when (eq (rlm--run-state run) 'running)
         (setf (rlm--run-state run) 'answering))
       (rlm--in-answer run
         (rlm--on-delta (plist-get params :text)
                        (eq (plist-get params :reset) t)))))))

(defun rlm--show-context (run)
  "Show behind what RUN is about how much that is."
  (when (rlm--run-context run)
    (rlm--in-answer run
      (rlm--with-steady-view
        (save-excursion
          (goto-char rlm--answer-start)
          (skip-chars-backward "\n")
          (insert (propertize (concat " · " (rlm--run-context run))
                              'face 'shadow)))))))

(defun rlm--named (model)
  "Return the name MODEL, or nil if there is none yet."
  (unless (equal model "") model))

(defun rlm--on-delta (text reset)
  "Take over TEXT, a piece of the answer, which begins anew if RESET.
What is shown stays in view until there is as much of the new text."
  (cond
   ((and reset (string-empty-p text) (/= rlm--answer-start rlm--answer-end))
    (setq rlm--coming ""))
   ((and rlm--coming (not reset))
    (setq rlm--coming (concat rlm--coming text))
    (when (>= (length rlm--coming) (- rlm--answer-end rlm--answer-start))
      (rlm--append rlm--coming t)
      (setq rlm--coming nil)))
   (t
    (setq rlm--coming nil)
    (rlm--append text reset))))

(defconst rlm--limits
  '(("iterations" "turns" "maxIterations") ("depth" "depth" "maxDepth")
    ("calls" "calls" "maxCalls") ("tokens" "tokens" "maxTokens")
    ("cost" "cost" "maxCost") ("timeout" "time" "timeout")
    ("errors" "errors in a row" "maxErrors"))
  "The terminations that are limits, each with what it limits and its option.")

(defun rlm--on-result (run result)
  "End RUN with the RESULT of its request."
  (pcase (cdr (assoc (plist-get result :termination) rlm--limits))
    (`(,limit ,option)
     (if (string-blank-p (or (plist-get result :answer) ""))
         (rlm--finish
          run 'limited result
          (format "The limit on %s was reached before there was an answer." limit)
          (concat (substitute-command-keys
                   "\\<rlm-answer-mode-map>\\[rlm-transcript] shows what was \
done, \\[rlm-resume] goes on; allow more by ")
                  (rlm-hints-option option)))
       (rlm--finish run 'limited result
                    (format "The limit on %s was reached: this answer is partial."
                            limit))))
    (_ (rlm--finish run 'done result))))

(defun rlm--on-error (run error)
  "End RUN with the ERROR of its request, a plist."
  (let* ((data (plist-get error :data))
         (partial (plist-get data :partial)))
    (pcase (plist-get error :code)
      ;; jsonrpc.el says so when the process ends; `rlm--on-exit' says why.
      (-1 nil)
      (-32800 (rlm--finish run 'cancelled partial "Cancelled."))
      ;; The server's words have the name of the session, which nobody knows.
      ((and -32602 (guard (string-match-p "\\`another question of the session"
                                          (or (plist-get error :message) ""))))
       (rlm--finish run 'failed nil
                    "an earlier question of this session is still being answered"
                    (substitute-command-keys
                     "When that has ended, \\<rlm-answer-mode-map>\\[revert-buffer] \
asks again.")))
      (_ (rlm--finish run 'failed partial
                      (or (plist-get error :message) "The server gave no reason")
                      (or (plist-get data :hint)
                          ;; An internal error.
                          (and (eql (plist-get error :code) -32603)
                               rlm--log-hint)))))))

(defun rlm--finish (run state &optional result remark hint)
  "End RUN in STATE with RESULT, a plist of the protocol, or nil.
REMARK says what a reader must know of the ending, HINT what can
be done about it."
  (when (rlm--active-p run)
    (setf (rlm--run-state run) state
          (rlm--run-ended run) (float-time)
          (rlm--run-result run) result)
    (rlm--note-usage run (plist-get result :usage))
    (when-let ((model (rlm--named (plist-get result :model))))
      (setf (rlm--run-model run) model))
    (setq rlm--runs (remq run rlm--runs))
    (rlm--update-mode-line)
    (rlm--in-answer run
      (rlm--conclude run remark hint)
      (unless (get-buffer-window nil 'visible)
        (message "%s: %s" (buffer-name)
                 (downcase (car (alist-get state rlm--state-labels)))))
      (with-demoted-errors "Error in rlm-answer-functions: %S"
        (run-hook-with-args 'rlm-answer-functions state (rlm--answer-text))))))

;;;; Cancelling and showing

(defun rlm--choose-run (prompt)
  "Return the run that has not ended, or nil; of several, ask with PROMPT."
  (let ((choices (cl-loop for run in rlm--runs
                          for buffer = (rlm--run-buffer run)
                          when (buffer-live-p buffer)
                          collect (cons (buffer-name buffer) run))))
    (cdr (if (cdr choices)
             (assoc (completing-read prompt choices nil t nil nil (caar choices))
                    choices)
           (car choices)))))

;;;###autoload
(defun rlm-cancel (&optional all)
  "Cancel a query; what there is of its answer stays.
In an answer buffer it is that query, elsewhere the one that is
running.  If ALL is non-nil, interactively with a prefix argument,
cancel every query."
  (interactive "P")
  (cond
   (all (mapc #'rlm--cancel rlm--runs))
   ((derived-mode-p 'rlm-answer-mode)
    (if (rlm--active-p rlm--run)
        (rlm--cancel rlm--run)
      (user-error "This query has ended")))
   (t
    (rlm--cancel (or (rlm--choose-run "Cancel: ")
                     (user-error "No query is running"))))))

(defun rlm--cancel (run)
  "Cancel RUN."
  (pcase (rlm--run-state run)
    ('starting (rlm--finish run 'cancelled nil "Cancelled."))
    ((or 'running 'answering)
     (setf (rlm--run-state run) 'cancelling
           (rlm--run-message run) "Cancelling")
     (rlm--show-status run)
     (let ((give-up (lambda (&rest _)
                      (rlm--finish run 'cancelled nil "Cancelled, but the \
server did not confirm it: M-x rlm-shutdown ends it."))))
       (jsonrpc-async-request (rlm--server-connection (rlm--run-server run))
                              :rlm/cancel (list :queryId (rlm--run-id run))
                              :success-fn #'ignore :error-fn give-up
                              :timeout 5 :timeout-fn give-up)))))

;;;###autoload
(defun rlm-show ()
  "Go to the answer of the running query, or to the last answer."
  (interactive)
  (let ((run (rlm--choose-run "Show: ")))
    (pop-to-buffer
     (or (and run (rlm--run-buffer run))
         (car (rlm--answers))
         (user-error "Nothing was asked"))
     rlm-display-action)))

;;;###autoload
(defun rlm-preview (question &optional scope)
  "Show what asking QUESTION would read, send and cost.
No model is called.  With a prefix argument, choose what the
question is about, as with `rlm-query'.  From Lisp, SCOPE is nil
for the project."
  (interactive
   (let ((scope (if current-prefix-arg (rlm--read-scope) (rlm--project-scope))))
     (list (rlm--read-question scope) scope)))
  (let* ((scope (or scope (rlm--project-scope)))
         (server (rlm--ready-server (rlm--scope-root scope))))
    (rlm--sync server)
    (rlm-text-tell server scope t)
    (jsonrpc-async-request
     (rlm--server-connection server) :rlm/preview
     (list :query (rlm--unicode question) :scope (rlm--scope-params scope))
     :timeout nil
     :success-fn (lambda (preview) (rlm--show-preview question scope preview))
     :error-fn (lambda (error) (message "rlm: %s" (plist-get error :message))))
    (rlm-text-tell server scope nil)
    (message "Looking at what there is...")))

;;;###autoload
(defun rlm-dogfood (&optional action)
  "Show where work on the current project pays.
With a prefix argument, choose ACTION: \"analyze\", or \"history\" (what
became of cycles, see `rlm-cycle'), or \"stats\" (which share of lines
came from them).  No model is called."
  (interactive
   (list (and current-prefix-arg
              (completing-read "Show: " '("analyze" "history" "stats") nil t))))
  (let* ((scope (rlm--project-scope))
         (root (rlm--scope-root scope))
         (server (rlm--ready-server root)))
    (rlm--sync server)
    (jsonrpc-async-request
     (rlm--server-connection server) :rlm/dogfood
     (list :action (or action "analyze") :folder (rlm--path-to-uri root))
     :timeout nil
     :success-fn (lambda (result) (rlm--show-dogfood root result))
     :error-fn (lambda (error) (message "rlm: %s" (plist-get error :message))))
    (message "Looking at the repository...")))

(defun rlm--show-dogfood (root result)
  "Show RESULT, the report about the folder ROOT."
  (let ((buffer (get-buffer-create "*rlm dogfood*")))
    (with-current-buffer buffer
      (special-mode)
      (setq default-directory root)
      (let ((inhibit-read-only t))
        (erase-buffer)
        (insert (or (plist-get result :markdown) "") "\n")
        (goto-char (point-min))))
    (pop-to-buffer buffer rlm-display-action)))

(defun rlm--ready-server (root)
  "Return the server when it is ready for requests about the folder ROOT."
  (let ((server (rlm--connect root)))
    (while (and (eq (rlm--server-state server) 'starting)
                (rlm--running-p server))
      (accept-process-output nil 0.05))
    (unless (eq (rlm--server-state server) 'ready)
      (user-error "The server did not start: %s" (rlm--server-problem server)))
    (rlm--set-options server)
    (rlm--set-folders server (list root))
    server))

(defun rlm--show-preview (question scope preview)
  "Show PREVIEW, what the server said about QUESTION about SCOPE."
  (let ((buffer (get-buffer-create "*rlm preview*"))
        (warnings (append (plist-get preview :warnings) nil)))
    (with-current-buffer buffer
      (special-mode)
      (let ((inhibit-read-only t))
        (erase-buffer)
        (insert question "  ")
        (insert-text-button "Ask this" 'follow-link t
                            'action (lambda (_) (rlm--ask question scope)))
        (insert "\n\n" (plist-get preview :text) "\n")
        (dolist (warning warnings)
          (insert "warning  " warning "\n"))
        (goto-char (point-min)))
      (setq default-directory (rlm--scope-root scope))
      (setq-local revert-buffer-function
                  (lambda (&rest _) (rlm-preview question scope))))
    (message "Looking at what there is...done")
    (pop-to-buffer buffer rlm-display-action)))

;;;###autoload
(defun rlm-status ()
  "Say which model answers and why, and what the session has used."
  (interactive)
  (unless (and (rlm--running-p rlm--server)
               (eq (rlm--server-state rlm--server) 'ready))
    (user-error "The server is not running: the first question starts it"))
  (jsonrpc-async-request
   (rlm--server-connection rlm--server) :rlm/status nil
   :success-fn
   (lambda (status)
     (let* ((usage (plist-get status :usage))
            (facts (rlm--join-facts
                    (rlm--usage-facts
                     (plist-get usage :calls)
                     (+ (or (plist-get usage :inputTokens) 0)
                        (or (plist-get usage :outputTokens) 0))
                     (plist-get usage :costUsd)
                     (plist-get usage :cachedCalls)))))
       (message "rlm %s: %s (%s); %s%s" (plist-get status :version)
                (plist-get status :model) (plist-get status :why)
                (if (string-empty-p facts) "no calls yet" facts)
                (mapconcat (lambda (it)
                             (format "; running for %s: “%s”"
                                     (rlm--duration (plist-get it :seconds))
                                     (rlm--short (plist-get it :query))))
                           (plist-get status :runs) ""))))
   :error-fn (lambda (error) (message "rlm: %s" (plist-get error :message)))))

;;;; The mode line

(defvar rlm--timer nil
  "The timer that redisplays the time while a query runs.")

(defvar rlm-mode-line '(:eval (rlm--mode-line))
  "What the mode line shows while a query runs.
It is put into `global-mode-string' for that time.")
(put 'rlm-mode-line 'risky-local-variable t)

(defvar rlm--mode-line-map
  (let ((map (make-sparse-keymap)))
    (define-key map [mode-line mouse-1] #'rlm-show)
    map)
  "Keymap of the indicator in the mode line.")

(defun rlm--escape-percent (text)
  "Return TEXT protected from being formatted by the mode line."
  (replace-regexp-in-string "%" "%%" text t t))

(defun rlm--mode-line ()
  "Return the text of the mode line for active queries."
  (when rlm--runs
    (let ((run (car rlm--runs)))
      (concat
       " "
       (propertize
        (rlm--escape-percent
         (if (cdr rlm--runs)
             (format "rlm[%d]" (length rlm--runs))
           (format "rlm[%s]" (rlm--elapsed run))))
        'help-echo (concat (mapconcat #'rlm--run-question rlm--runs "\n")
                           "\nmouse-1: show")
        'mouse-face 'mode-line-highlight
        'local-map rlm--mode-line-map)))))

(defun rlm--update-mode-line ()
  "Show in the mode line whether a query is running."
  (if rlm--runs
      (progn
        ;; A list that began with a symbol would be a conditional.
        (unless (consp global-mode-string)
          (setq global-mode-string (list (or global-mode-string ""))))
        (unless (memq 'rlm-mode-line global-mode-string)
          (setq global-mode-string
                (append global-mode-string '(rlm-mode-line))))
        (unless rlm--timer
          (setq rlm--timer (run-at-time 1 1 #'force-mode-line-update t))))
    (when (consp global-mode-string)
      (setq global-mode-string (remq 'rlm-mode-line global-mode-string)))
    (when rlm--timer
      (cancel-timer rlm--timer)
      (setq rlm--timer nil)))
  (force-mode-line-update t))

;;;; The answer buffer

(defvar rlm-answer-mode-map
  (let ((map (make-sparse-keymap)))
    (set-keymap-parent map (make-composed-keymap button-buffer-map
                                                 special-mode-map))
    (define-key map "n" #'forward-button)
    (define-key map "p" #'backward-button)
    (define-key map "f" #'rlm-follow-up)
    (define-key map "r" #'rlm-resume)
    (define-key map "w" #'rlm-copy-answer)
    (define-key map "t" #'rlm-transcript)
    (define-key map (kbd "C-c C-k") #'rlm-cancel)
    map)
  "Keymap of `rlm-answer-mode'.")

(easy-menu-define rlm--answer-menu rlm-answer-mode-map
  "Menu of answers."
  '("Answer"
    ["Follow Up…" rlm-follow-up]
    ["Ask Again" revert-buffer]
    ["Go On" rlm-resume]
    ["Cancel" rlm-cancel :active rlm--runs]
    "--"
    ["Next Citation" forward-button]
    ["Previous Citation" backward-button]
    ["Copy as Markdown" rlm-copy-answer]
    ["Show What the Run Did" rlm-transcript]))

(defvar-local rlm--answer-start nil
  "Marker at the beginning of the answer.")

(defvar-local rlm--answer-end nil
  "Marker at the end of the answer.  What follows is not part of it.")

(defvar-local rlm--coming nil
  "What has arrived of the text that will take the place of the answer, or nil.")

(defvar-local rlm--followed nil
  "The buffers of follow-ups that the buffer has buttons for.")

(defvar-local rlm--rendered nil
  "Marker at the first line of the answer that is not rendered for good.")

(defvar-local rlm--fence nil
  "The open fence at `rlm--rendered', a string, or nil.")

(defvar-local rlm--citations nil
  "The citations of the result: a hash table by (PATH FIRST LAST) and by PATH.")

(defvar-local rlm--odd-paths nil
  "The paths of `rlm--citations' that `rlm--citation-regexp' does not match.")

(defvar-local rlm--files nil
  "The files of cited paths: a hash table from path to file or `none'.")

(define-derived-mode rlm-answer-mode special-mode "Answer"
  "Major mode of buffers that show an answer.
\\<rlm-answer-mode-map>
Point at the end of the buffer follows the answer while it arrives.

\\{rlm-answer-mode-map}"
  :group 'rlm
  (setq buffer-undo-list t
        truncate-lines nil
        word-wrap t
        header-line-format '(:eval (rlm--header-line))
        next-error-function #'rlm-places-next)
  (setq-local revert-buffer-function #'rlm--ask-again
              imenu-create-index-function #'rlm-places-index
              ;; Text that arrives scrolls by lines, not by half windows.
              scroll-conservatively 101
              rlm--answer-start (make-marker)
              rlm--answer-end (make-marker)
              rlm--rendered (make-marker)
              rlm--citations (make-hash-table :test #'equal)
              rlm--files (make-hash-table :test #'equal))
  (add-hook 'kill-buffer-query-functions #'rlm--agree-to-forsake nil t)
  (add-hook 'kill-buffer-hook #'rlm--forsake nil t))

(defun rlm--agree-to-forsake ()
  "Ask whether a query that has cost money may be cancelled."
  (or (null rlm--run)
      (not (rlm--active-p rlm--run))
      (<= (or (rlm--run-cost rlm--run) 0) 0)
      (y-or-n-p (format "This query has cost $%.4f; cancel it? "
                        (rlm--run-cost rlm--run)))))

;; Nobody chooses these by name elsewhere (from Emacs 28 on).
(put 'rlm-answer-mode 'completion-predicate #'ignore)
(put 'rlm-transcript-mode 'completion-predicate #'ignore)
(dolist (command '(rlm-copy-answer rlm-transcript))
  (put command 'completion-predicate
       (lambda (_command buffer) (buffer-local-value 'rlm--run buffer))))

(defun rlm--forsake ()
  "Cancel the query of the current buffer, which nobody will read.
Without another answer of its session, end that too."
  (when rlm--run
    (when (rlm--active-p rlm--run)
      (rlm--cancel rlm--run))
    (rlm--leave-session)))

(defun rlm--leave-session (&optional next)
  "Put the session of the current buffer away unless another buffer has it.
NEXT is the run that the buffer will show, if it stays.  The session
can be continued later: see `rlm-continue'."
  (let ((session (and rlm--run (rlm--run-session rlm--run)))
        (server rlm--server))
    (when (and session
               (not (and next (equal (rlm--run-session next) session)))
               (not (seq-some (lambda (buffer)
                                (equal (rlm--run-session
                                        (buffer-local-value 'rlm--run buffer))
                                       session))
                              (remq (current-buffer) (rlm--answers))))
               (rlm--running-p server)
               (eq (rlm--server-state server) 'ready))
      ;; The server may have ended a moment ago, and the session with it.
      (ignore-errors
        (jsonrpc-async-request (rlm--server-connection server)
                               :rlm/endSession (list :sessionId session :keep t)
                               :success-fn #'ignore :error-fn #'ignore
                               :timeout nil)))))

(defun rlm--ask-again (&rest _)
  "Ask the question of the current buffer again.
A follow-up stays one; the first question of a session begins anew."
  (rlm--check-answer)
  (when (rlm--active-p rlm--run)
    (user-error "The query is still running: C-c C-k cancels it"))
  (when (rlm--run-follows rlm--run)
    (rlm--check-session rlm--run))
  (rlm--ask (rlm--run-question rlm--run) (rlm--run-scope rlm--run)
            (current-buffer) (rlm--run-follows rlm--run)))

(defun rlm--check-answer ()
  "Signal an error unless the current buffer is that of an answer."
  (unless rlm--run (user-error "This buffer shows no answer")))

(defun rlm-copy-answer ()
  "Copy the answer as Markdown, or the region if it is active."
  (interactive)
  (rlm--check-answer)
  (kill-new (if (use-region-p)
                (buffer-substring-no-properties (region-beginning) (region-end))
              (string-trim-right (rlm--answer-text))))
  (message "Copied"))

(defun rlm--answer-text ()
  "Return the text of the answer."
  (buffer-substring-no-properties rlm--answer-start rlm--answer-end))

(defun rlm--begin-answer (run)
  "Prepare the current buffer for the answer to RUN."
  (setq rlm--run run
        default-directory (rlm--scope-root (rlm--run-scope run))
        ;; So the list of buffers tells answers about projects apart.
        list-buffers-directory default-directory)
  (let ((inhibit-read-only t))
    (erase-buffer)
    (insert (propertize (rlm--run-question run) 'face 'rlm-question) "\n"
            (propertize (format "about %s"
                                (rlm--scope-label (rlm--run-scope run)))
                        'face 'shadow))
    (when (rlm--run-follows run)
      (rlm--insert-neighbour ", after " (rlm--run-follows run)))
    (insert "\n\n")
    (dolist (marker (list rlm--answer-start rlm--answer-end rlm--rendered))
      (set-marker marker (point))))
  (rlm--show-status run)
  (goto-char (point-max)))

(defun rlm--insert-successor (run)
  "Insert behind the answer that RUN follows a button that leads to RUN."
  (when-let ((follows (rlm--run-follows run)))
    (rlm--in-answer follows
      ;; Asked again, a follow-up has its button already.
      (unless (rlm--active-p follows)
        (save-excursion
          (let ((inhibit-read-only t))
            (goto-char (point-max))
            (unless (bolp) (insert "\n"))
            (unless (memq (rlm--run-buffer run) rlm--followed)
              (push (rlm--run-buffer run) rlm--followed)
              (rlm--insert-neighbour "\nFollowed by " run)
              (insert "\n"))))))))

(defun rlm--insert-neighbour (text run)
  "Insert TEXT and a button that leads to the answer to RUN."
  (insert (propertize text 'face 'shadow))
  (let ((buffer (rlm--run-buffer run)))
    (insert-text-button
     (rlm--quote-question run) 'follow-link t
     'help-echo "mouse-1, RET: show that answer"
     'action (lambda (_)
               (unless (buffer-live-p buffer)
                 (user-error "The buffer of that answer was killed"))
               (pop-to-buffer buffer '(display-buffer-same-window))))))

(defmacro rlm--with-steady-view (&rest body)
  "Evaluate BODY and keep what is being read of the buffer in view.
A point at the end of the buffer stays at its end, so that it
follows the answer.  Any other stays where it is."
  (declare (indent 0) (debug t))
  (let ((views (make-symbol "views")))
    `(save-restriction
       (widen)
       (let ((,views (rlm--views))
             (inhibit-read-only t))
         ,@body
         (rlm--restore-views ,views)))))

(defun rlm--views ()
  "Return where the current buffer is being read.
That is a list of (WINDOW START POINT); the window nil stands for
the buffer itself, and the point nil for the end."
  (let ((position (lambda (point) (if (< point (point-max)) point))))
    (cons (list nil nil (funcall position (point)))
          (mapcar (lambda (window)
                    (list window (window-start window)
                          (funcall position (window-point window))))
                  (get-buffer-window-list nil nil t)))))

(defun rlm--restore-views (views)
  "Restore VIEWS, a value of `rlm--views'."
  (pcase-dolist (`(,window ,start ,point) views)
    (let ((target (min (or point (point-max)) (point-max))))
      (if (null window)
          (goto-char target)
        (set-window-point window target)
        (when point
          (set-window-start window (min start (point-max)) t))))))

(defun rlm--replace-tail (text)
  "Replace what follows the answer by TEXT."
  (delete-region rlm--answer-end (point-max))
  (save-excursion
    (goto-char (point-max))
    (insert text)))

(defun rlm--show-status (run)
  "Show what RUN is doing, in place of the answer that is not there yet.
Below what there is of an answer, it is shown while calls go on."
  (rlm--in-answer run
    (force-mode-line-update)
    (let ((begins (= rlm--answer-start rlm--answer-end))
          (work (rlm--run-work run)))
      (when (or begins rlm--coming (rlm-work-count work))
        (rlm--with-steady-view
          (rlm--replace-tail
           (propertize (format "%s%s… (%s)\n%s" (if begins "" "\n\n")
                               (if rlm--coming
                                   (format "This answer is being written anew; %s"
                                           (rlm--run-message run))
                                 (rlm--run-message run))
                               (substitute-command-keys "\\[rlm-cancel] cancels")
                               (rlm-work-text work))
                       'face 'rlm-status)))))))

(defun rlm--append (text reset)
  "Append TEXT to the answer, or replace it if RESET is non-nil.
An answer that comes whole is read from its start."
  (let ((whole (and reset (= rlm--answer-start rlm--answer-end))))
    (rlm--with-steady-view
      (rlm--replace-tail "")
      (when reset
        (delete-region rlm--answer-start rlm--answer-end)
        (rlm--render-anew))
      (goto-char rlm--answer-end)
      (insert (replace-regexp-in-string "\r\n?" "\n" text t t))
      (set-marker rlm--answer-end (point))
      (rlm--render))
    (when whole
      (rlm--read-from-start))))

(defun rlm--read-from-start ()
  "Put points at the end of the buffer at the start of the answer."
  (pcase-dolist (`(,window ,_ ,point) (rlm--views))
    (cond (point)
          (window (set-window-point window rlm--answer-start))
          (t (goto-char rlm--answer-start)))))

(defun rlm--conclude (run remark hint)
  "Complete the answer to RUN with REMARK and HINT and its citations."
  (let* ((result (rlm--run-result run))
         (answer (plist-get result :answer))
         (citations (append (plist-get result :citations) nil)))
    (unless (or (null answer)
                (equal answer (rlm--answer-text))
                ;; Nothing is no reason to take away what was shown.
                (and (string-empty-p answer)
                     (memq (rlm--run-state run) '(limited cancelled failed))))
      (rlm--append answer t))
    (setq rlm--coming nil)
    (rlm--with-steady-view
      (rlm--note-citations citations)
      (rlm--render-anew)
      (rlm--render)
      (rlm--replace-tail "")
      (goto-char (point-max))
      (rlm--insert-remarks run remark hint))
    ;; A point that followed the answer stays at its end, where the reader is.
    (save-excursion
      (let ((inhibit-read-only t))
        (goto-char (point-max))
        (rlm--insert-citations citations)))
    (force-mode-line-update)))

(defun rlm--insert-block (text face)
  "Insert TEXT with FACE after an empty line."
  (unless (bolp) (insert "\n"))
  (unless (= (point) rlm--answer-start)
    (unless (looking-back "\n\n" (- (point) 2)) (insert "\n")))
  (let ((beg (point)))
    (rlm-hints-insert text)
    (add-face-text-property beg (point) face t)
    (insert "\n")))

(defconst rlm--grounds
  '(("none" . "Nothing of the text supports this answer.")
    ("looked" . "This answer cites no place in the text that holds."))
  "What is said of an answer by what it rests on.")

(defconst rlm--lost-described 20
  "How many lost calls are described one by one.")

(defun rlm--insert-remarks (run remark hint)
  "Insert REMARK, HINT, warnings and what was lost in RUN."
  (let* ((result (rlm--run-result run))
         (state (rlm--run-state run))
         (shown (/= rlm--answer-start rlm--answer-end))
         (lost (append (plist-get result :lost) nil))
         (described (seq-take lost rlm--lost-described))
         (all (max (or (plist-get result :lostCount) 0) (length lost)))
         (failed (eq state 'failed)))
    (when (and shown (eq state 'cancelled))
      (rlm--insert-block "This answer was cut off." 'rlm-notice))
    (when remark
      (rlm--insert-block (if failed (format "The query failed: %s" remark) remark)
                         (if failed 'rlm-error 'rlm-notice)))
    (when hint
      (rlm-hints-insert (concat hint "\n")))
    (let ((ground (cdr (assoc (plist-get result :grounded) rlm--grounds))))
      (when (and shown ground (eq state 'done)
                 ;; The server's own warning names the model.
                 (not (seq-some (lambda (warning)
                                  (string-prefix-p "nothing of the text supports" warning))
                                (plist-get result :warnings))))
        (rlm--insert-block ground 'rlm-notice)))
    (seq-doseq (warning (plist-get result :warnings))
      (rlm--insert-block warning 'rlm-notice))
    (when lost
      (rlm--insert-block (format "Parts that are missing (%d):" all)
                         'rlm-notice)
      (dolist (part described)
        (insert (format "  %s: %s\n" (plist-get part :label)
                        (plist-get part :error))))
      (when (> all (length described))
        (insert (format "  … and %d more\n" (- all (length described))))))))

;;;; The header line

(defun rlm--duration (seconds)
  "Return a short text for SECONDS."
  (if (< seconds 60)
      (format "%ds" seconds)
    (format "%dm%02ds" (/ (truncate seconds) 60) (% (truncate seconds) 60))))

(defun rlm--elapsed (run)
  "Return how long RUN takes or took."
  (rlm--duration (- (or (rlm--run-ended run) (float-time))
                    (rlm--run-started run))))

(defun rlm--usage-facts (calls tokens cost known)
  "Return texts for usage: numbers or nil.
They are CALLS, TOKENS, COST in US dollars, and KNOWN, the replies
that needed no call; what is 0 is left out."
  (let ((some (lambda (number) (and number (< 0 number)))))
    (list (and (funcall some calls)
               (format "%d call%s" calls (if (= calls 1) "" "s")))
          (and (funcall some tokens)
               (cond ((< tokens 1000) (format "%d tokens" tokens))
                     ((< tokens 1000000)
                      (format "%.1fk tokens" (/ tokens 1000.0)))
                     (t (format "%.1fM tokens" (/ tokens 1000000.0)))))
          (and (funcall some cost)
               (format (if (< cost 0.01) "$%.4f" "$%.2f") cost))
          (and (funcall some known)
               (format "%d known before" known)))))

(defun rlm--describe-context (size)
  "Return a short text for SIZE, a context of the protocol, or nil."
  (when-let ((files (plist-get size :files)))
    (let ((reasons (mapconcat (lambda (it)
                                (format "%d %s" (plist-get it :count)
                                        (plist-get it :reason)))
                              (plist-get size :skippedFor) ", "))
          (skipped (or (plist-get size :skipped) 0)))
      (concat (format "%d file%s" files (if (= files 1) "" "s"))
              (and (plist-get size :store) " of a shard store")
              (and (> skipped 0) (format ", %d left out (%s)" skipped reasons))))))

(defun rlm--join-facts (facts)
  "Join those FACTS that are not nil."
  (string-join (delq nil facts) " · "))

(defun rlm--header-line ()
  "Return the header line of the current answer buffer."
  (when rlm--run
    (pcase-let* ((run rlm--run)
                 (`(,label ,face)
                  (alist-get (rlm--run-state run) rlm--state-labels))
                 (facts (rlm--join-facts
                         `(,(rlm--elapsed run)
                           ,(and (eq (rlm--run-state run) 'answering)
                                 (rlm--run-message run))
                           ,(and (rlm--active-p run)
                                 (rlm-work-count (rlm--run-work run)))
                           ,(rlm--run-model run)
                           ;; The calls of the built-in model are none to anyone.
                           ,@(unless (equal (rlm--run-model run) "extractive")
                               (rlm--usage-facts (rlm--run-calls run)
                                                 (rlm--run-tokens run)
                                                 (rlm--run-cost run)
                                                 (rlm--run-known run))))))
                 (question (string-trim (rlm--run-question run))))
      ;; The facts come first because a narrow window cuts the question off.
      (propertize
       (concat " " (propertize label 'face face) " "
               (rlm--escape-percent
                (concat facts " │ "
                        (replace-regexp-in-string "[ \t\n]+" " " question))))
       'help-echo (string-join (delq nil (list question (rlm--run-why run)
                                              (rlm--run-context run)))
                               "\n")))))

;;;; Markdown

(defun rlm--render-anew ()
  "Render the answer from its beginning the next time."
  (set-marker rlm--rendered rlm--answer-start)
  (setq rlm--fence nil))

(defun rlm--render ()
  "Render what was added to the answer.
A line is rendered for good once it is complete; the last one is
rendered again when more of it arrives."
  (let ((end (marker-position rlm--answer-end)))
    (set-text-properties rlm--rendered end nil)
    (goto-char rlm--rendered)
    (while (< (point) end)
      (let* ((beg (point))
             (eol (min (line-end-position) end))
             (complete (< eol end))
             (fence (rlm--render-line beg eol complete)))
        (goto-char (min (1+ eol) end))
        (when complete
          (setq rlm--fence fence)
          (set-marker rlm--rendered (point)))))))

(defconst rlm--long-line 2000
  "From how many characters on a line is not rendered while it grows.")

(defun rlm--render-line (beg end complete)
  "Render the line from BEG to END and return the fence open after it, or nil.
COMPLETE is nil while more of the line can arrive."
  (goto-char beg)
  (cond
   (rlm--fence
    (if (and (looking-at "[ \t>]*\\(```+\\|~~~+\\)[ \t]*$")
             (string-prefix-p rlm--fence (match-string 1)))
        (prog1 nil (rlm--add-face beg end 'rlm-markup))
      (rlm--add-face beg (min (1+ end) rlm--answer-end) 'rlm-code-block)
      (rlm--link-citations beg end)
      rlm--fence))
   ((looking-at "[ \t>]*\\(?:[-*+][ \t]+\\)?\\(?:\\(```+\\)[^`\n]*\\|\\(~~~+\\).*\\)$")
    (rlm--add-face beg end 'rlm-markup)
    (or (match-string-no-properties 1) (match-string-no-properties 2)))
   (t
    (rlm--render-block-markup beg end)
    (when (or complete (< (- end beg) rlm--long-line))
      (rlm--render-emphasis beg end)
      (rlm--link-citations beg end)
      (rlm--link-urls beg end))
    nil)))

(defun rlm--add-face (beg end face)
  "Add FACE to the text from BEG to END, below the faces it has."
  (add-face-text-property beg end face t))

(defun rlm--render-block-markup (beg end)
  "Render the heading, the bullet or the quote that the line BEG to END is."
  (goto-char beg)
  (cond
   ((looking-at " \\{0,3\\}\\(#\\{1,6\\}\\)[ \t]+")
    (rlm--add-face beg (match-end 1) 'rlm-markup)
    (rlm--add-face beg end
                   (pcase (- (match-end 1) (match-beginning 1))
                     (1 'rlm-heading-1) (2 'rlm-heading-2) (_ 'rlm-heading-3))))
   ((looking-at " \\{0,3\\}\\([-*_]\\)\\(?:[ \t]*\\1\\)\\{2,\\}[ \t]*$")
    (rlm--add-face beg end 'rlm-markup))
   ((looking-at "[ \t]*\\(?:[-*+]\\|[0-9]+[.)]\\)[ \t]+\\(?:\\[[ xX]\\][ \t]+\\)?")
    (rlm--add-face beg (match-end 0) 'rlm-bullet)
    (rlm--indent-wrapped beg end (- (match-end 0) beg)))
   ((looking-at "[ \t]*\\(?:>[ \t]?\\)+")
    (rlm--add-face beg (match-end 0) 'rlm-markup)
    (rlm--add-face beg end 'rlm-quote)
    (rlm--indent-wrapped beg end (- (match-end 0) beg)))))

(defun rlm--indent-wrapped (beg end width)
  "Indent the continuation of the line BEG to END by WIDTH columns."
  (put-text-property beg end 'wrap-prefix (make-string width ?\s)))

(defconst rlm--emphasis
  (let ((text "\\([^* \t\n]\\(?:[^*\n]*[^* \t\n]\\)?\\)"))
    `((,(concat "\\(\\*\\*\\)" text "\\(\\*\\*\\)") . bold)
      (,(concat "\\(?:^\\|[^*[:alnum:]]\\)\\(\\*\\)" text
                "\\(\\*\\)\\(?:[^*[:alnum:]]\\|$\\)")
       . italic)
      ;; Names have such marks, so that white space is wanted outside.
      ("\\(?:^\\|[ \t(]\\)\\(__?\\)\\([^_ \t\n]\\(?:[^_\n]*[^_ \t\n]\\)?\\)\\(\\1\\)\\(?:[] \t.,;:!?)]\\|$\\)"
       . italic)
      ("\\(~~\\)\\([^~ \t\n]\\(?:[^~\n]*[^~ \t\n]\\)?\\)\\(~~\\)"
       . rlm-struck)))
  "The regexps of emphasis, each with the face of its second group.
The first and the third group are markup.")

(defun rlm--render-emphasis (beg end)
  "Render code and emphasis in the line from BEG to END."
  (goto-char beg)
  (while (re-search-forward "`+" end t)
    (let ((open (match-beginning 0))
          (inner (point))
          (ticks (match-string-no-properties 0)))
      (when (re-search-forward (format "[^`]\\(%s\\)\\(?:[^`]\\|$\\)" ticks) end t)
        (let ((close (match-beginning 1))
              (after (match-end 1)))
          (rlm--add-face open inner 'rlm-markup)
          (rlm--add-face inner close 'rlm-code)
          (rlm--add-face close after 'rlm-markup)
          (rlm--link-code-span inner close)
          (rlm--link-program inner close)
          (goto-char after)))))
  (dolist (emphasis rlm--emphasis)
    (goto-char beg)
    (while (re-search-forward (car emphasis) end t)
      (unless (rlm--code-p (match-beginning 2))
        (rlm--add-face (match-beginning 2) (match-end 2) (cdr emphasis))
        (rlm--add-face (match-beginning 1) (match-end 1) 'rlm-markup)
        (rlm--add-face (match-beginning 3) (match-end 3) 'rlm-markup)))))

(defun rlm--link-urls (beg end)
  "Make buttons of the addresses of the web in the line from BEG to END."
  (goto-char beg)
  (while (re-search-forward "\\bhttps?://[^][ \t\n\"'<>`|()]*[^][ \t\n\"'<>`|().,;:!?*_]"
                            end t)
    (let ((url (match-string-no-properties 0)))
      (unless (button-at (match-beginning 0))
        (make-text-button (match-beginning 0) (match-end 0) 'follow-link t
                          'help-echo (concat "mouse-1, RET: browse " url)
                          'action (lambda (_) (browse-url url)))
        (add-face-text-property (match-beginning 0) (match-end 0) 'link)))))

(defun rlm--code-p (position)
  "Whether the text at POSITION is rendered as code."
  (let ((face (get-text-property position 'face)))
    (memq 'rlm-code (if (listp face) face (list face)))))

;;;; Citations

(defconst rlm--lines-regexp
  "\\(?::\\|#L\\)\\([0-9]\\{1,9\\}\\)\\(?:[-–]L?\\([0-9]\\{1,9\\}\\)\\)?"
  "Matches the lines of a citation, first and perhaps last: `:3-5', `#L3-L5'.")

(defconst rlm--citation-regexp
  ;; A drive letter is the only colon a path may have here.  Paths with other
  ;; unusual characters are found in code spans and by the list of the result.
  (concat "\\(\\(?:\\b[[:alpha:]]:[/\\]\\)?"
          "[^][ \t\n\r`'\"(){}<>|*,;:#“”‘’«»（）「」，、。；：]+\\)"
          rlm--lines-regexp)
  "Matches a citation: the path, the first line and perhaps the last line.")

(define-button-type 'rlm-citation
  'action #'rlm--follow-citation
  'follow-link t)

(defun rlm--citation-key (citation)
  "Return (PATH FIRST LAST) of CITATION, a plist of the protocol."
  (let ((first (or (plist-get citation :startLine) 1)))
    (list (plist-get citation :path) first
          (or (plist-get citation :endLine) first))))

(defconst rlm--states
  '(("quoted" rlm-citation-quoted "the lines say what is quoted from them")
    ("found" rlm-citation "the lines exist, and nothing is quoted from them")
    ("missing" rlm-citation-missing
     "there are no such lines, or they do not say what is quoted"))
  "What the server finds of citations: (STATE FACE MEANING).")

(defun rlm--state (citation)
  "Return the entry of `rlm--states' for CITATION, a plist of the protocol.
Of a state that is not known, no more is claimed than that there is
such a place."
  (or (assoc (plist-get citation :state) rlm--states)
      (assoc "found" rlm--states)))

(defun rlm--note-citations (citations)
  "Remember CITATIONS, plists of the protocol, for the buttons of the answer."
  (dolist (citation citations)
    (let ((path (plist-get citation :path)))
      (puthash (rlm--citation-key citation) citation rlm--citations)
      (puthash path citation rlm--citations)
      (unless (string-match-p (concat "\\`" rlm--citation-regexp "\\'")
                              (concat path ":1"))
        (cl-pushnew path rlm--odd-paths :test #'equal))))
  ;; Their URIs can tell files that were not found before.
  (clrhash rlm--files))

(defun rlm--insert-citations (citations)
  "Insert the list of CITATIONS, plists of the protocol."
  (when citations
    (rlm--insert-block "Citations" 'rlm-heading-3)
    (dolist (citation citations)
      (pcase-let ((`(,path ,first ,last) (rlm--citation-key citation)))
        (insert "  ")
        (let ((beg (point)))
          (insert (format "%s:%s" path (rlm--line-range first last)))
          (rlm--link beg (point) path first last))
        (pcase-let ((`(,state ,_ ,meaning) (rlm--state citation)))
          (insert (propertize (concat "  " state)
                              'face (if (equal state "missing")
                                        'rlm-notice
                                      'shadow)
                              'help-echo meaning)
                  "\n"))))
    (dolist (entry rlm--states)
      (when (seq-find (lambda (it) (eq (rlm--state it) entry)) citations)
        (insert (propertize (format "  %s: %s\n" (nth 0 entry) (nth 2 entry))
                            'face 'shadow))))))

(defun rlm--link (beg end path first last)
  "Make the text from BEG to END a button for lines FIRST to LAST of PATH."
  (let* ((citation (gethash (list path first last) rlm--citations))
         (entry (and citation (rlm--state citation))))
    (make-text-button beg end :type 'rlm-citation
                      'rlm-target (list path first last)
                      'help-echo (concat "mouse-1, RET: open " path
                                         (when entry
                                           (format "\n%s: %s" (nth 0 entry)
                                                   (nth 2 entry)))))
    (add-face-text-property beg end (or (nth 1 entry) 'rlm-citation))))

(defun rlm--link-match ()
  "Make a button of the match of `rlm--citation-regexp' if it is a citation.
Other regexps may be used that have the same groups."
  (let* ((beg (match-beginning 1))
         (end (or (match-end 3) (match-end 2)))
         (path (match-string-no-properties 1))
         (first (string-to-number (match-string 2)))
         (last (if (match-end 3) (string-to-number (match-string 3)) first)))
    (save-match-data
      (when (and (not (button-at beg))
                 (not (string-match-p "[0-9A-Za-z]"
                                      (string (or (char-after end) ?\s))))
                 (not (and (eq (char-before beg) ?:)
                           (string-prefix-p "//" path)))
                 (rlm--citable-p path))
        (rlm--link beg end path first last)))))

(defun rlm--citable-p (path)
  "Whether PATH, which was found before a line number, is that of a file.
A path that looks like one is linked even if there is no such
file, so that the reader learns that there is none."
  (or (gethash path rlm--citations)
      (rlm--locate path)
      (string-match-p "\\`[^ ]*[/\\][^ ]*\\.[[:alpha:]][[:alnum:]_]*\\'" path)))

(defun rlm--link-citations (beg end)
  "Make buttons of the citations in the line from BEG to END."
  (dolist (path rlm--odd-paths)
    (rlm--link-matches (concat "\\(" (regexp-quote path) "\\)" rlm--lines-regexp)
                       beg end))
  (rlm--link-matches rlm--citation-regexp beg end))

(defun rlm--link-matches (regexp beg end)
  "Make buttons of the citations that match REGEXP between BEG and END."
  (goto-char beg)
  (while (re-search-forward regexp end t)
    (rlm--link-match)))

(defun rlm--link-code-span (beg end)
  "Make a button of the code from BEG to END if all of it is a citation."
  (save-excursion
    (goto-char beg)
    (when (and (looking-at (concat "\\(.+?\\)" rlm--lines-regexp))
               (= (match-end 0) end))
      (rlm--link-match))))

(defun rlm--link-program (beg end)
  "Make a button of the code from BEG to END if it is a command of the program.
In Emacs, `rlm-doctor' shows the same."
  (when (member (buffer-substring-no-properties beg end)
                '("rlm models" "rlm doctor"))
    (make-text-button beg end 'follow-link t
                      'help-echo "mouse-1, RET: M-x rlm-doctor"
                      'action (lambda (_) (call-interactively #'rlm-doctor)))))

(defun rlm--locate (path)
  "Return the file that PATH names in the current answer, or nil.
Of an answer about a buffer without a file, that is the buffer."
  (let ((known (gethash path rlm--files)))
    (unless known
      (setq known (or (rlm-text-named path)
                      (seq-find #'rlm--local-file-p (rlm--candidates path))
                      'none))
      (puthash path known rlm--files))
    (unless (eq known 'none) known)))

(defun rlm--local-file-p (file)
  "Whether FILE is there on this machine.
An answer can cite any name, so none may open a connection."
  (and (not (file-remote-p file))
       ;; On Windows, this is a share of another machine.
       (not (string-prefix-p "//" file))
       (let ((file-name-handler-alist nil))
         (file-regular-p file))))

(defun rlm--candidates (path)
  "Return the files that PATH can mean, the likeliest first.
Paths are relative to the workspace folder, or begin with the name
of one if there were several."
  (let ((uri (plist-get (gethash path rlm--citations) :uri))
        (names (if (string-match-p "\\\\" path)
                   (list path (subst-char-in-string ?\\ ?/ path))
                 (list path)))
        (file-name-handler-alist nil))
    (append
     (when-let ((file (and uri (rlm--uri-to-path uri)))) (list file))
     (cl-loop
      for root in (rlm--run-roots rlm--run)
      for folder = (directory-file-name root)
      nconc (cl-loop for name in names
                     collect (expand-file-name name root)
                     when (string-prefix-p
                           (concat (file-name-nondirectory folder) "/") name)
                     collect (expand-file-name name
                                               (file-name-directory folder)))))))

(defun rlm--follow-citation (button)
  "Show the lines that BUTTON cites in another window."
  (pcase-let ((`(,path ,first ,last) (button-get button 'rlm-target)))
    ;; A file that was not there may be there now.
    (remhash path rlm--files)
    (let ((file (rlm--locate path)))
      (unless file
        (user-error "There is no file %s in %s: it was moved, or the answer is wrong"
                    path (abbreviate-file-name default-directory)))
      ;; `xref-pop-marker-stack' comes back.
      (xref-push-marker-stack)
      (pop-to-buffer (if (bufferp file) file (find-file-noselect file))
                     '(nil (inhibit-same-window . t)))
      (rlm--go-to-lines first last))))

(defun rlm--go-to-lines (first last)
  "Go to line FIRST of the current buffer and highlight up to line LAST."
  (push-mark nil t)
  (let ((lines (line-number-at-pos (point-max) t)))
    (when (or (< first (line-number-at-pos (point-min) t)) (> last lines))
      (widen)
      (setq lines (line-number-at-pos (point-max) t)))
    (when (> first lines)
      (message "%s has %d lines, not %d" (buffer-name) lines first)))
  (forward-line (- first (line-number-at-pos nil t)))
  ;; Lines that would not fit below the middle begin at the top.
  (recenter (and (> (- last first) (/ (window-body-height) 2)) 2))
  (pulse-momentary-highlight-region
   (point)
   (save-excursion (forward-line (- (1+ last) first)) (point))))

;;;; Transcripts

(defvar-local rlm--transcript-run nil
  "The run whose transcript the buffer shows.")

(define-derived-mode rlm-transcript-mode special-mode "Transcript"
  "Mode of what a run did: its turns, programs, looks and calls.
While the run goes on, it is brought up to date every second."
  (setq-local revert-buffer-function
              (lambda (&rest _) (rlm--transcript-update (current-buffer)))))

(defun rlm-transcript ()
  "Show what the run of the current answer did, or does."
  (interactive)
  (let ((run (or rlm--run (user-error "This buffer shows no answer"))))
    (with-current-buffer (get-buffer-create
                          (format "*rlm trace: %s*"
                                  (rlm--short (rlm--run-question run))))
      (rlm-transcript-mode)
      (setq rlm--transcript-run run)
      (rlm--transcript-update (current-buffer))
      (pop-to-buffer (current-buffer) rlm-display-action))))

(defun rlm--transcript-update (buffer)
  "Bring the transcript in BUFFER up to date, and again until it is whole."
  (let* ((run (buffer-local-value 'rlm--transcript-run buffer))
         (server (rlm--run-server run)))
    (if (not (rlm--running-p server))
        (rlm--transcript-insert buffer "The server of this run has ended.")
      (jsonrpc-async-request
       (rlm--server-connection server) :rlm/transcript
       (list :queryId (rlm--run-id run))
       :timeout nil
       :success-fn
       (lambda (result)
         (rlm--transcript-insert buffer (plist-get result :text))
         (unless (eq (plist-get result :isWhole) t)
           (rlm--transcript-later buffer)))
       :error-fn
       (lambda (error)
         (rlm--transcript-insert buffer (plist-get error :message))
         ;; It may only begin.
         (when (rlm--active-p run) (rlm--transcript-later buffer)))))))

(defun rlm--transcript-later (buffer)
  "Bring the transcript in BUFFER up to date in a second, if it is seen."
  (run-at-time 1 nil
               (lambda ()
                 (when (and (buffer-live-p buffer)
                            (get-buffer-window buffer 'visible))
                   (rlm--transcript-update buffer)))))

(defun rlm--transcript-insert (buffer text)
  "Make TEXT the text of BUFFER, with point on the line where it was."
  (when (buffer-live-p buffer)
    (with-current-buffer buffer
      (let ((inhibit-read-only t)
            (views (mapcar (lambda (window)
                             (cons window
                                   (line-number-at-pos (window-point window))))
                           (get-buffer-window-list buffer nil t))))
        (erase-buffer)
        (insert text "\n")
        (goto-char (point-min))
        (pcase-dolist (`(,window . ,line) views)
          (goto-char (point-min))
          (forward-line (1- line))
          (set-window-point window (point)))))))

;;;; What lies in other files

(autoload 'rlm-places-next "rlm-places" "Open the next lines that are cited.")
(autoload 'rlm-places-index "rlm-places" "Return the headings of the answer.")
(autoload 'rlm-text-scope "rlm-text")
(autoload 'rlm-text-check "rlm-text")
(autoload 'rlm-text-tell "rlm-text")
(autoload 'rlm-text-named "rlm-text")
(autoload 'rlm-query-buffer "rlm-commands" "Ask about the buffer." t)
(autoload 'rlm-query-files "rlm-commands" "Ask about marked files." t)
(autoload 'rlm-explain "rlm-commands" "Ask about what is at point." t)
(autoload 'rlm-doctor "rlm-commands" "Show what the program thinks of its set-up." t)
(autoload 'rlm-menu-mode "rlm-commands" "Have a menu." t)
(autoload 'rlm-command-map "rlm-commands" "Keymap of the commands." nil 'keymap)
(autoload 'rlm-cycle "rlm-cycle" "Have patches proposed that prove themselves." t)
(autoload 'rlm-edit "rlm-edit" "Have a model propose a change." t)
(autoload 'rlm-edit-everywhere "rlm-edit" "Make a change at other places." t)
(autoload 'rlm-review "rlm-review" "Review the project." t)
(autoload 'rlm-review-changes "rlm-review" "Review what is not committed." t)
(autoload 'rlm-review-region "rlm-review" "Review the region." t)

(provide 'rlm)
;;; rlm.el ends here
