;;; rlm-test.el --- Tests of rlm.el  -*- lexical-binding: t; -*-

;;; Commentary:

;; The first part tests the client against a connection that records what is
;; sent and is fed what a server would say.  The second starts the program named
;; by the environment variable RLM_SERVER, with the built-in model, on small
;; repositories made here.  Run by tests/emacs/run.

;;; Code:

(require 'cl-lib)
(require 'ert)
(require 'rlm)

;;;; A recording connection

(defclass rlm-test-connection (jsonrpc-connection)
  ((sent :initform nil)
   (running :initform t))
  :documentation "A connection that keeps what is sent, newest first.")

(cl-defmethod jsonrpc-connection-send ((connection rlm-test-connection)
                                       &rest message)
  "Keep MESSAGE, which CONNECTION would send."
  (push message (slot-value connection 'sent)))

(cl-defmethod jsonrpc-running-p ((connection rlm-test-connection))
  "Whether CONNECTION is said to run."
  (slot-value connection 'running))

(defvar rlm-test-server nil
  "The server with a recording connection that the current test uses.")

(defun rlm-test-make-server (root)
  "Return a ready server with the folder ROOT and a recording connection."
  (setq rlm-test-server
        (rlm--make-server
         :state 'ready :options (rlm--default-options) :folders (list root)
         :connection (apply #'make-instance 'rlm-test-connection :name "rlm test"
                            :notification-dispatcher
                            (lambda (_connection method params)
                              (rlm--on-notification method params))
                            :request-dispatcher #'rlm--on-request
                            (rlm--events-arguments)))))

(defun rlm-test-sent ()
  "Return what was sent, oldest first, as (METHOD PARAMS ID)."
  (mapcar (lambda (message)
            (list (intern (string-remove-prefix
                           ":" (symbol-name (plist-get message :method))))
                  (plist-get message :params)
                  (plist-get message :id)))
          (reverse (slot-value (rlm--server-connection rlm-test-server) 'sent))))

(defun rlm-test-sent-as (method)
  "Return the parameters of the messages METHOD, oldest first."
  (cl-loop for (name params) in (rlm-test-sent)
           when (eq name method) collect params))

(defun rlm-test-receive (&rest message)
  "Let the server say MESSAGE."
  ;; As in the real thing, callbacks find themselves in a temporary buffer.
  (with-temp-buffer
    (jsonrpc-connection-receive (rlm--server-connection rlm-test-server)
                                `(:jsonrpc "2.0" ,@message))))

(defun rlm-test-event (run kind &rest fields)
  "Let the server send an event of RUN: KIND with FIELDS."
  (rlm-test-receive :method "rlm/event"
                    :params `(:queryId ,(rlm--run-id run) :seq 0 :kind ,kind
                              ,@fields)))

(defun rlm-test-reply (run &rest message)
  "Let the server reply to the question of RUN with MESSAGE."
  (let ((request (seq-find (lambda (it)
                             (equal (plist-get (nth 1 it) :queryId)
                                    (rlm--run-id run)))
                           (rlm-test-sent))))
    (apply #'rlm-test-receive :id (nth 2 request) message)))

(defun rlm-test-result (answer &rest fields)
  "Return a result with ANSWER and FIELDS."
  `(,@fields
    :queryId "q" :answer ,answer :termination "final" :citations [] :lost []
    :usage (:calls 3 :inputTokens 1200 :outputTokens 34 :costUsd nil)
    :model "extractive" :worker "extractive"))

;;;; Projects

(defmacro rlm-test-in-project (files &rest body)
  "Evaluate BODY in a new project with FILES, an alist of names and texts.
The variable `root' is bound to its directory."
  (declare (indent 1) (debug t))
  `(let* ((root (file-name-as-directory (file-truename
                                         (make-temp-file "rlm-test" t))))
          (default-directory root)
          (split-height-threshold 2)
          (split-width-threshold 2)
          (rlm-options '(:model "extractive"))
          (buffers (buffer-list))
          (inhibit-message t))
     (unwind-protect
         (save-window-excursion
           (call-process "git" nil nil nil "init" "--quiet")
           (pcase-dolist (`(,name . ,text) ,files)
             (make-directory (file-name-directory (expand-file-name name)) t)
             (with-temp-file name (insert text)))
           ,@body)
       (when (rlm--running-p rlm--server)
         (if (rlm--server-process rlm--server)
             (rlm-shutdown)
           (setf (slot-value (rlm--server-connection rlm--server) 'running) nil)))
       (setq rlm--server nil rlm--runs nil)
       (rlm--update-mode-line)
       (dolist (buffer (buffer-list))
         (unless (memq buffer buffers)
           (with-current-buffer buffer (set-buffer-modified-p nil))
           (kill-buffer buffer)))
       (delete-directory root t))))

(defmacro rlm-test-asking (files &rest body)
  "Evaluate BODY in a project with FILES and a recording connection."
  (declare (indent 1) (debug t))
  `(rlm-test-in-project ,files
     (cl-letf (((symbol-function 'rlm--start) #'rlm-test-make-server))
       ,@body)))

(defmacro rlm-test-in-answer (run-and-files &rest body)
  "Ask a question and evaluate BODY in the buffer of its answer.
RUN-AND-FILES is (RUN FILES): the variable that is bound to the
run, and the files of the project."
  (declare (indent 1) (debug t))
  `(rlm-test-asking ,(cadr run-and-files)
     (with-current-buffer (rlm-query "Where is it?")
       (let ((,(car run-and-files) rlm--run))
         ,@body))))

(defun rlm-test-answer ()
  "Return the text of the current answer buffer after the question."
  (buffer-substring-no-properties rlm--answer-start (point-max)))

(defun rlm-test-declared ()
  "Return the answer without what is said of what it rests on."
  (car (split-string
        (rlm-test-answer)
        "\n\n\\(?:nothing of the text supports\\|This answer cites no place\\)")))

(defun rlm-test-buttons ()
  "Return the citations of the current buffer as (TEXT TARGET)."
  (save-excursion
    (goto-char (point-min))
    (let (buttons button)
      (while (setq button (next-button (point) t))
        (when (button-get button 'rlm-target)
          (push (list (buffer-substring-no-properties (button-start button)
                                                      (button-end button))
                      (button-get button 'rlm-target))
                buttons))
        (goto-char (button-end button)))
      (nreverse buttons))))

(defun rlm-test-faces (text)
  "Return the faces of the first occurrence of TEXT in the current buffer."
  (save-excursion
    (goto-char (point-min))
    (search-forward text)
    (let ((face (get-text-property (match-beginning 0) 'face)))
      (if (listp face) face (list face)))))

(defun rlm-test-query (question &optional beg end)
  "Ask QUESTION, about BEG to END if they are given, and stay in this buffer.
Return the buffer of the answer."
  (save-current-buffer
    (if beg
        (rlm-query-region beg end question)
      (rlm-query question))))

;;;; Citations

(ert-deftest rlm-test-citations-in-the-text-are-buttons ()
  "A citation is recognised wherever it stands, and nothing else is."
  (pcase-dolist
      (`(,text . ,expected)
       '(("see src/a.rs:10." ("src/a.rs:10" ("src/a.rs" 10 10)))
         ("(src/a.rs:10-14)," ("src/a.rs:10-14" ("src/a.rs" 10 14)))
         ("[src/a.rs:10–14]" ("src/a.rs:10–14" ("src/a.rs" 10 14)))
         ("**src/a.rs:3** and `src/a.rs:4`"
          ("src/a.rs:3" ("src/a.rs" 3 3)) ("src/a.rs:4" ("src/a.rs" 4 4)))
         ("| src/a.rs:1 | src/a.rs:2-3 |"
          ("src/a.rs:1" ("src/a.rs" 1 1)) ("src/a.rs:2-3" ("src/a.rs" 2 3)))
         ("“src/a.rs:7”, in:src/a.rs:8"
          ("src/a.rs:7" ("src/a.rs" 7 7)) ("src/a.rs:8" ("src/a.rs" 8 8)))
         ("`src/a.rs:1` and `b` or `src/a.rs:2` *x*"
          ("src/a.rs:1" ("src/a.rs" 1 1)) ("src/a.rs:2" ("src/a.rs" 2 2)))
         ("[a](src/a.rs#L10-L14), src/a.rs#L3"
          ("src/a.rs#L10-L14" ("src/a.rs" 10 14)) ("src/a.rs#L3" ("src/a.rs" 3 3)))
         ("Makefile:1 is there" ("Makefile:1" ("Makefile" 1 1)))
         ("`my docs/read me.md:5-6`"
          ("my docs/read me.md:5-6" ("my docs/read me.md" 5 6)))
         ("`app/(home)/[id].tsx:2`"
          ("app/(home)/[id].tsx:2" ("app/(home)/[id].tsx" 2 2)))
         ("src/größe.rs:3" ("src/größe.rs:3" ("src/größe.rs" 3 3)))
         ("src\\a.rs:10" ("src\\a.rs:10" ("src\\a.rs" 10 10)))
         ("C:\\x\\a.rs:10-11" ("C:\\x\\a.rs:10-11" ("C:\\x\\a.rs" 10 11)))
         ("D:/x/a.rs:9" ("D:/x/a.rs:9" ("D:/x/a.rs" 9 9)))
         ("src/missing.rs:9" ("src/missing.rs:9" ("src/missing.rs" 9 9)))
         ("at 12:30, std::fmt:3, and/or:1, http://host/a.rs:80, example.com:443")
         ("src/a.rs:12345678901, src/a.rs:10th")))
    (rlm-test-in-answer (run '(("src/a.rs" . "") ("Makefile" . "")
                               ("my docs/read me.md" . "")
                               ("app/(home)/[id].tsx" . "")))
      (rlm-test-event run "delta" :text text)
      (should (equal (cons text (rlm-test-buttons)) (cons text expected))))))

(ert-deftest rlm-test-a-citation-that-arrives-in-pieces-becomes-one-button ()
  (rlm-test-in-answer (run '(("src/a.rs" . "")))
    (dolist (text '("see src/a" ".rs:1" "0-1" "4 here\nand"))
      (rlm-test-event run "delta" :text text))
    (should (equal (rlm-test-buttons) '(("src/a.rs:10-14" ("src/a.rs" 10 14)))))))

(ert-deftest rlm-test-citations-of-the-result-are-listed-and-marked-by-their-states ()
  (rlm-test-in-answer (run '(("src/a.rs" . "")))
    (rlm-test-event run "delta" :text "As src/b.rs:2 and odd {x} y.rs:7 say.")
    (rlm-test-reply
     run :result
     (rlm-test-result
      "As src/b.rs:2 and odd {x} y.rs:7 say."
      :citations [(:path "src/a.rs" :startLine 10 :endLine 14 :state "quoted")
                  (:path "src/b.rs" :startLine 2 :endLine 2 :state "missing")
                  (:path "odd {x} y.rs" :startLine 7 :endLine 7 :state "found")]))
    (should (equal (rlm-test-answer)
                   "As src/b.rs:2 and odd {x} y.rs:7 say.

Citations
  src/a.rs:10-14  quoted
  src/b.rs:2  missing
  odd {x} y.rs:7  found
  quoted: the lines say what is quoted from them
  found: the lines exist, and nothing is quoted from them
  missing: there are no such lines, or they do not say what is quoted
"))
    (should (equal (mapcar #'car (rlm-test-buttons))
                   '("src/b.rs:2" "odd {x} y.rs:7"
                     "src/a.rs:10-14" "src/b.rs:2" "odd {x} y.rs:7")))
    (should (memq 'rlm-citation-missing (rlm-test-faces "src/b.rs:2")))
    (should (memq 'rlm-citation-quoted (rlm-test-faces "src/a.rs:10")))
    (should (memq 'rlm-citation (rlm-test-faces "odd {x} y.rs:7")))
    (goto-char (point-min))
    (search-forward "src/b")
    (should (string-match-p "missing: there are no such lines"
                            (get-char-property (point) 'help-echo)))
    (search-forward "src/b.rs:2  mis")
    (should (memq 'rlm-notice (rlm-test-faces "  missing")))
    (should (string-match-p "do not say what is quoted"
                            (get-char-property (point) 'help-echo)))))

(ert-deftest rlm-test-a-citation-opens-its-lines ()
  (rlm-test-in-answer (run '(("src/a.rs" . "1\n2\n3\n4\n5\n")))
    (rlm-test-event run "delta" :text "see src/a.rs:3-4")
    (goto-char (point-min))
    (forward-button 1)
    (should (eq (key-binding (kbd "RET")) #'push-button))
    (should (eq (key-binding (kbd "TAB")) #'forward-button))
    (should (eq (key-binding (kbd "<backtab>")) #'backward-button))
    (push-button)
    (with-current-buffer (window-buffer)
      (should (equal buffer-file-name (expand-file-name "src/a.rs" root)))
      (should (= (line-number-at-pos (window-point)) 3)))))

(ert-deftest rlm-test-a-cited-file-is-found-in-every-way-it-can-be-named ()
  (rlm-test-in-answer (run '(("src/a.rs" . "")))
    (let ((file (expand-file-name "src/a.rs" root))
          (folder (file-name-nondirectory (directory-file-name root))))
      (dolist (path (list "src/a.rs" "./src/a.rs" "src\\a.rs" file
                          (concat folder "/src/a.rs")))
        (should (equal (list path (rlm--locate path)) (list path file))))
      (rlm--note-citations `((:path "elsewhere.rs" :startLine 1
                              :uri ,(rlm--path-to-uri file))))
      (should (equal (rlm--locate "elsewhere.rs") file))
      (should-not (rlm--locate "src"))
      (should-not (rlm--locate "src/b.rs"))
      (should run))))

(ert-deftest rlm-test-a-missing-file-gets-a-clear-message ()
  (rlm-test-in-answer (run nil)
    (rlm-test-event run "delta" :text "see src/b.rs:3")
    (goto-char (point-min))
    (forward-button 1)
    (let ((error (should-error (push-button) :type 'user-error)))
      (should (string-match-p "There is no file src/b.rs in " (cadr error))))))

(ert-deftest rlm-test-no-citation-makes-a-connection ()
  (let* ((operations nil)
         (file-name-handler-alist
          (list (cons "\\`/fake:" (lambda (operation &rest _)
                                    (push operation operations)
                                    (and (eq operation 'file-remote-p)
                                         "/fake:host:"))))))
    (rlm-test-in-answer (run nil)
      (rlm-test-event run "delta" :text "see `/fake:host:/a/b.rs:3`")
      (should-not (rlm--locate "/fake:host:/a/b.rs"))
      (should-not (remq 'file-remote-p operations)))))

(ert-deftest rlm-test-uris-keep-every-character ()
  (dolist (path '("/a/b.rs" "/a b/ö%20.rs" "/a/#x?y/日本.rs" "/a/[id].rs"))
    (should (equal (rlm--uri-to-path (rlm--path-to-uri path)) path)))
  (should (equal (rlm--path-to-uri "/a b/ö%.rs") "file:///a%20b/%C3%B6%25.rs"))
  (should (equal (rlm--path-to-uri "c:/x/a.rs") "file:///c:/x/a.rs"))
  (let ((system-type 'windows-nt))
    (should (equal (rlm--uri-to-path "file:///c%3A/x/a.rs") "c:/x/a.rs")))
  (should-not (rlm--uri-to-path "untitled:x")))

;;;; The answer as it arrives

(ert-deftest rlm-test-the-answer-streams-in-place-of-the-status ()
  (rlm-test-in-answer (run nil)
    (should (string-match-p "\\`Asking… (.*C-c C-k.* cancels)\n\\'"
                            (rlm-test-answer)))
    (rlm-test-event run "started" :model "extractive" :why "nothing configured")
    (rlm-test-event run "progress" :message "searching 100% of a.rs"
                    :calls 1 :inputTokens 10 :outputTokens 2)
    (should (string-match-p "\\`searching 100% of a\\.rs…" (rlm-test-answer)))
    (rlm-test-event run "delta" :text "One ")
    (should (equal (rlm-test-answer) "One "))
    (rlm-test-event run "progress" :message "still")
    (rlm-test-event run "turn" :text "ignored")
    (rlm-test-event run "summary" :depth 0 :run 1 :text "ignored")
    (rlm-test-event run "delta" :text "two\r\n")
    (should (equal (rlm-test-answer) "One two\n"))
    (rlm-test-event run "delta" :text "Three" :reset t)
    (should (equal (rlm-test-answer) "Three"))
    (rlm-test-event run "delta" :text " four" :reset :json-false)
    (rlm-test-event run "done" :result (rlm-test-result "Three four"))
    (rlm-test-reply run :result (rlm-test-result "Three four"))
    (should (equal (rlm-test-answer) "Three four"))
    (should (eq (rlm--run-state run) 'done))))

(ert-deftest rlm-test-the-result-has-the-last-word ()
  (rlm-test-in-answer (run nil)
    (rlm-test-event run "delta" :text "Somehing lost")
    (rlm-test-reply run :result (rlm-test-result "All of it.\n"))
    (should (equal (rlm-test-answer) "All of it.\n"))
    (rlm-test-event run "delta" :text "late")
    (should (equal (rlm-test-answer) "All of it.\n"))
    (rlm-copy-answer)
    (should (equal (current-kill 0) "All of it."))))

(ert-deftest rlm-test-point-at-the-end-follows-and-elsewhere-stays ()
  (rlm-test-in-answer (run nil)
    (switch-to-buffer (current-buffer))
    (rlm-test-event run "delta" :text "One\n")
    (should (eobp))
    (rlm-test-event run "delta" :text "Two\nThree\n")
    (should (eobp))
    (should (= (window-point) (point-max)))
    (goto-char rlm--answer-start)
    (forward-line 1)
    (rlm-test-event run "delta" :text "Four\n")
    (should (looking-at "Two"))
    (rlm-test-event run "delta" :reset t :text "one\ntwo\nthree\n")
    (should (looking-at "two"))
    (rlm-test-reply run :result (rlm-test-result "one\ntwo\nthree\nfour\n"))
    (should (looking-at "two"))
    (should (= (window-point) (point)))))

(ert-deftest rlm-test-a-point-that-followed-ends-before-the-list-of-citations ()
  (rlm-test-in-answer (run nil)
    (switch-to-buffer (current-buffer))
    (rlm-test-event run "delta" :text "One\nTwo\n")
    (rlm-test-reply run :result (rlm-test-result
                                 "One\nTwo\n" :termination "cost" :citations
                                 [(:path "a.rs" :startLine 1 :endLine 1)]))
    (should (looking-back "this answer is partial\\.\n" (point-min)))
    (should (= (window-point) (point)))
    (should (looking-at "\nCitations\n"))))

(ert-deftest rlm-test-an-answer-that-comes-whole-is-read-from-its-start ()
  (rlm-test-in-answer (run nil)
    (switch-to-buffer (current-buffer))
    (rlm-test-event run "delta" :reset t :text "One\nTwo\n")
    (should (= (point) (window-point) rlm--answer-start))
    (rlm-test-reply run :result (rlm-test-result "One\nTwo\nThree\n"))
    (should (= (point) (window-point) rlm--answer-start))))

(ert-deftest rlm-test-each-window-keeps-its-place ()
  (rlm-test-in-answer (run nil)
    (switch-to-buffer (current-buffer))
    (delete-other-windows)
    (rlm-test-event run "delta" :text "One\nTwo\n")
    (let ((reading (selected-window))
          (following (split-window)))
      (set-window-point following (point-max))
      (set-window-point reading (point-min))
      (rlm-test-event run "delta" :text "Three\n")
      (should (= (window-point reading) (point-min)))
      (should (= (window-point following) (point-max))))))

(ert-deftest rlm-test-markdown-is-readable ()
  (rlm-test-in-answer (run nil)
    (rlm-test-event
     run "delta" :text
     "# Top\n## Second\n#### Deep\nSome **strong**, *soft* and `code *x*`; 2 * 3 * 4.
- bullet `a`\n12. number\n> quoted\n---\n````rust\nfn a() {}\n```\n# not a heading\n````\nafter\n`y` between `z`\n")
    (pcase-dolist (`(,text . ,face)
                   '(("Top" . rlm-heading-1) ("Second" . rlm-heading-2)
                     ("Deep" . rlm-heading-3) ("strong" . bold) ("soft" . italic)
                     ("code *x*" . rlm-code) ("- " . rlm-bullet)
                     ("12." . rlm-bullet) ("quoted" . rlm-quote)
                     ("---" . rlm-markup) ("````rust" . rlm-markup)
                     ("fn a" . rlm-code-block) ("# not" . rlm-code-block)))
      (should (equal (list text face (memq face (rlm-test-faces text)))
                     (list text face (memq face (rlm-test-faces text)))))
      (should (memq face (rlm-test-faces text))))
    (should-not (memq 'italic (rlm-test-faces "x*`")))
    (should-not (memq 'italic (rlm-test-faces "3 * 4")))
    (should-not (rlm-test-faces "between"))
    (should-not (rlm-test-faces "after"))))

(ert-deftest rlm-test-a-fence-that-arrives-in-pieces-is-rendered-once ()
  (rlm-test-in-answer (run nil)
    (dolist (text '("``" "`\nlet" " x" "\n``" "`\ndone"))
      (rlm-test-event run "delta" :text text))
    (should (memq 'rlm-code-block (rlm-test-faces "let x")))
    (should-not (rlm-test-faces "done"))))

;;;; Header line and mode line

(ert-deftest rlm-test-a-context-says-that-it-is-a-store ()
  (should (equal (rlm--describe-context '(:files 2 :skipped 0))
                 "2 files"))
  (should (equal (rlm--describe-context '(:files 1 :store "s3://texts/linux"))
                 "1 file of a shard store")))

(ert-deftest rlm-test-the-header-line-tells-how-it-goes ()
  (rlm-test-in-answer (run nil)
    (setf (rlm--run-started run) (- (float-time) 75))
    (rlm-test-event run "started" :model "m" :why "because" :query "q"
                    :context '(:files 14 :skipped 3
                               :skippedFor [(:reason "ignored" :count 2)
                                            (:reason "binary" :count 1)]))
    (rlm-test-event run "progress" :message "x" :calls 1
                    :inputTokens 1500000 :outputTokens 12 :costUsd 0.0042)
    (should (equal (substring-no-properties (rlm--header-line))
                   (concat " Working 1m15s · m · 1 call · 1.5M tokens · "
                           "$0.0042 │ Where is it?")))
    (should (equal (get-text-property 0 'help-echo (rlm--header-line))
                   (concat "Where is it?\nbecause\n"
                           "14 files, 3 left out (2 ignored, 1 binary)")))
    (rlm-test-event run "delta" :text "a")
    (rlm-test-event run "progress" :message "checking 100%")
    (should (string-match-p "\\` Answering .* · checking 100%% · "
                            (rlm--header-line)))
    (rlm-test-reply run :result (rlm-test-result "a"))
    (should (equal (substring-no-properties (rlm--header-line))
                   " Done 1m15s · extractive │ Where is it?"))))

(ert-deftest rlm-test-the-mode-line-is-there-while-something-runs ()
  (let ((global-mode-string nil))
    (rlm-test-in-answer (run nil)
      (should (equal global-mode-string '("" rlm-mode-line)))
      (should (timerp rlm--timer))
      (should (equal (substring-no-properties (rlm--mode-line)) " rlm[0s]"))
      (should (eq (lookup-key (get-text-property 1 'local-map (rlm--mode-line))
                              [mode-line mouse-1])
                  #'rlm-show))
      (let ((other (buffer-local-value 'rlm--run (rlm-query "And that?"))))
        (should (equal (substring-no-properties (rlm--mode-line)) " rlm[2]"))
        (rlm-test-reply other :result (rlm-test-result "a")))
      (with-temp-buffer
        (rlm-show)
        (should (eq (current-buffer) (rlm--run-buffer run))))
      (rlm-test-reply run :result (rlm-test-result "a"))
      (should (equal global-mode-string '("")))
      (should-not rlm--timer)
      (should-not (rlm--mode-line)))))

(ert-deftest rlm-test-a-mode-line-that-is-a-string-is-kept ()
  (let ((global-mode-string "12:30"))
    (rlm-test-in-answer (run nil)
      (should (equal global-mode-string '("12:30" rlm-mode-line)))
      (should run))))

;;;; Endings

(ert-deftest rlm-test-cancelling-keeps-the-partial-answer ()
  (rlm-test-in-answer (run nil)
    (should (eq (key-binding (kbd "C-c C-k")) #'rlm-cancel))
    (rlm-test-event run "delta" :text "So far")
    (call-interactively #'rlm-cancel)
    (should (equal (rlm-test-sent-as 'rlm/cancel)
                   `((:queryId ,(rlm--run-id run)))))
    (should (string-match-p "\\` Cancelling" (rlm--header-line)))
    (rlm-test-reply run :error `(:code -32800 :message "cancelled"
                                 :data (:partial ,(rlm-test-result "So far, so"))))
    (should (eq (rlm--run-state run) 'cancelled))
    (should (equal (rlm-test-answer)
                   "So far, so\n\nThis answer was cut off.\n\nCancelled.\n"))
    (should (string-match-p "\\` Cancelled" (rlm--header-line)))
    (should-error (rlm-cancel) :type 'user-error)))

(ert-deftest rlm-test-what-was-shown-stays-when-nothing-comes-in-its-place ()
  (pcase-dolist (`(,code ,remark)
                 '((-32800 "This answer was cut off.\n\nCancelled.")
                   (-32803 "The query failed: no")))
    (rlm-test-in-answer (run nil)
      (rlm-test-event run "delta" :text "It is in the")
      (rlm-test-reply run :error `(:code ,code :message "no"
                                   :data (:partial ,(rlm-test-result ""))))
      (should (equal (rlm-test-answer)
                     (format "It is in the\n\n%s\n" remark))))))

(ert-deftest rlm-test-cancelling-works-from-anywhere-and-before-the-server-is-ready ()
  (rlm-test-asking nil
    (cl-letf* ((start (symbol-function 'rlm--start))
               ((symbol-function 'rlm--start)
                (lambda (root)
                  (let ((server (funcall start root)))
                    (setf (rlm--server-state server) 'starting)
                    server))))
      (let ((run (buffer-local-value 'rlm--run (rlm-query "Why?"))))
        (with-temp-buffer (rlm-cancel))
        (should (eq (rlm--run-state run) 'cancelled))
        (rlm--on-initialized rlm-test-server
                             '(:capabilities (:experimental (:rlm (:version 1)))))
        (should-not (rlm-test-sent-as 'rlm/query))
        (with-temp-buffer
          (should-error (rlm-cancel) :type 'user-error))))))

(ert-deftest rlm-test-a-cancellation-that-is-not-confirmed-ends-all-the-same ()
  (rlm-test-in-answer (run nil)
    (rlm-cancel)
    (rlm-test-receive :id (nth 2 (assq 'rlm/cancel (rlm-test-sent)))
                      :error '(:code -32601 :message "no such method"))
    (should (eq (rlm--run-state run) 'cancelled))
    (should (string-match-p "did not confirm" (rlm-test-answer)))))

(ert-deftest rlm-test-killing-an-answer-buffer-cancels-its-query ()
  (rlm-test-asking nil
    (let* ((buffer (rlm-query "Why?"))
           (run (buffer-local-value 'rlm--run buffer)))
      (kill-buffer buffer)
      (should (rlm-test-sent-as 'rlm/cancel))
      (rlm-test-reply run :error '(:code -32800 :message "cancelled"))
      (should-not rlm--runs))))

(ert-deftest rlm-test-errors-say-what-to-do ()
  (rlm-test-in-answer (run nil)
    (rlm-test-event run "delta" :text "Half")
    (rlm-test-reply run :error '(:code -32803 :message "the key was refused"
                                 :data (:kind "key" :hint "set RLM_API_KEY")))
    (should (eq (rlm--run-state run) 'failed))
    (should (equal (rlm-test-answer) "Half

The query failed: the key was refused
set RLM_API_KEY
"))
    (should (memq 'rlm-error (rlm-test-faces "The query failed")))))

(ert-deftest rlm-test-an-internal-error-points-to-the-log ()
  (rlm-test-in-answer (run nil)
    (rlm-test-reply run :error '(:code -32603 :message "it ended unexpectedly"))
    (should (equal (rlm-test-answer) "The query failed: it ended unexpectedly
The server's messages are in the buffer *rlm log*.
"))))

(ert-deftest rlm-test-a-limit-is-said-and-so-is-what-was-lost ()
  (rlm-test-in-answer (run nil)
    (rlm-test-reply
     run :result (rlm-test-result "Half" :termination "cost"
                                  :lost [(:depth 1 :label "part 3" :error "429")]))
    (should (eq (rlm--run-state run) 'limited))
    (should (equal (rlm-test-answer) "Half

The limit on cost was reached: this answer is partial.

Parts that are missing (1):
  part 3: 429
"))))

(ert-deftest rlm-test-what-is-not-as-the-user-thinks-is-said ()
  (rlm-test-in-answer (run nil)
    (rlm-test-reply
     run :result (rlm-test-result "All" :warnings ["there is no folder /gone"]))
    (should (equal (rlm-test-answer) "All

there is no folder /gone
"))))

(ert-deftest rlm-test-what-an-answer-rests-on-is-said ()
  (dolist (case '(("none" . "\n\nNothing of the text supports this answer.\n")
                  ("looked" . "\n\nThis answer cites no place in the text that holds.\n")
                  ("cited" . "")))
    (rlm-test-in-answer (run nil)
      (rlm-test-reply run :result (rlm-test-result "All" :grounded (car case)))
      (should (equal (rlm-test-answer) (concat "All" (cdr case)))))))

(ert-deftest rlm-test-of-many-lost-parts-the-first-are-named ()
  (rlm-test-in-answer (run nil)
    (let ((part '(:depth 1 :label "part" :error "429")))
      (rlm-test-reply
       run :result (rlm-test-result "Half" :lost (make-vector 30 part)
                                    :lostCount 1200)))
    (should (string-match-p
             (rx "missing (1200):\n" (= 20 "  part: 429\n") "  … and 1180 more\n")
             (rlm-test-answer)))))

(ert-deftest rlm-test-a-missing-program-is-explained-before-anything-happens ()
  (rlm-test-in-project nil
    (let* ((rlm-command '("rlm-no-such-program" "lsp"))
           (error (should-error (rlm-query "Why?") :type 'user-error)))
      (should (string-match-p "Cannot find .rlm-no-such-program. in .*cargo install"
                              (cadr error)))
      (should-not rlm--runs))))

(ert-deftest rlm-test-a-server-that-cannot-start-says-why ()
  (rlm-test-in-project nil
    (let ((rlm-command '("sh" "-c" "echo no good >&2; exit 3")))
      (with-current-buffer (rlm-query "Why?")
        (rlm-test-wait-for (lambda () (not (rlm--active-p rlm--run))))
        (should (string-match-p
                 "The query failed: The server ended (exit status 3): no good"
                 (rlm-test-answer)))
        (goto-char (point-min))
        (forward-button 1)
        (push-button)
        (should (equal (buffer-name (window-buffer)) "*rlm log*"))
        (should-not kill-emacs-hook)))))

(ert-deftest rlm-test-a-server-that-refuses-to-initialize-is-given-up ()
  (rlm-test-in-project nil
    ;; It sends the request back, and then our refusal of it.
    (let ((rlm-command '("cat")))
      (with-current-buffer (rlm-query "Why?")
        (rlm-test-wait-for (lambda () (not (rlm--active-p rlm--run))))
        (should (string-match-p
                 "The server did not start: initialize is not supported"
                 (rlm-test-answer)))
        (should-not (rlm--running-p rlm--server))))))

(ert-deftest rlm-test-a-server-of-another-kind-is-refused ()
  (rlm-test-asking nil
    (let (problem)
      (cl-letf (((symbol-function 'rlm--give-up)
                 (lambda (_server text) (setq problem text))))
        (rlm-query "Why?")
        (rlm--on-initialized rlm-test-server '(:capabilities (:hoverProvider t)))
        (should (equal problem "`rlm lsp' is not an rlm language server"))))))

(ert-deftest rlm-test-a-request-of-the-server-is-refused-properly ()
  (rlm-test-in-answer (run nil)
    (rlm-test-receive :id 7 :method "window/showDocument" :params nil)
    (let ((reply (car (slot-value (rlm--server-connection rlm-test-server) 'sent))))
      (should (equal (plist-get reply :id) 7))
      (should (equal (plist-get (plist-get reply :error) :code) -32601)))
    (should run)))

(ert-deftest rlm-test-the-user-decides-what-the-server-asks ()
  (rlm-test-in-answer (run nil)
    (dolist (agrees '(t nil))
      (cl-letf (((symbol-function 'y-or-n-p) (lambda (_prompt) agrees)))
        (rlm-test-receive :id 8 :method "window/showMessageRequest"
                          :params '(:type 2 :message "Ask it?"
                                    :actions [(:title "Ask") (:title "Cancel")])))
      (let ((reply (car (slot-value (rlm--server-connection rlm-test-server)
                                    'sent))))
        (should (equal (plist-get reply :id) 8))
        (should (equal (plist-get reply :result) (and agrees '(:title "Ask"))))))
    (should run)))

(ert-deftest rlm-test-asking-again-uses-the-same-buffer ()
  (rlm-test-in-answer (run nil)
    (should-error (revert-buffer) :type 'user-error)
    (rlm-test-reply run :result (rlm-test-result "First"))
    (let ((buffer (current-buffer)))
      (revert-buffer)
      (should (eq (current-buffer) buffer)))
    (should-not (eq rlm--run run))
    (should (string-match-p "\\`Asking" (rlm-test-answer)))
    (rlm-test-reply rlm--run :result (rlm-test-result "Second"))
    (should (equal (rlm-test-answer) "Second"))
    (should (equal (mapcar (lambda (it) (plist-get it :query))
                           (rlm-test-sent-as 'rlm/query))
                   '("Where is it?" "Where is it?")))))

;;;; Follow-up questions

(defun rlm-test-follow-up (question)
  "Ask QUESTION as a follow-up, as a user does, and return the prompt."
  (let (prompt)
    (cl-letf (((symbol-function 'read-string)
               (lambda (text _initial history &rest _)
                 (should (eq history 'rlm-query-history))
                 (setq prompt text)
                 question)))
      (call-interactively #'rlm-follow-up))
    ;; The command loop does that.
    (set-buffer (window-buffer))
    prompt))

(defun rlm-test-sessions ()
  "Return the sessions of the questions that were sent, oldest first."
  (mapcar (lambda (it) (plist-get it :sessionId)) (rlm-test-sent-as 'rlm/query)))

(defun rlm-test-ended ()
  "Return the sessions that were ended, oldest first."
  (mapcar (lambda (it) (plist-get it :sessionId))
          (rlm-test-sent-as 'rlm/endSession)))

(ert-deftest rlm-test-a-follow-up-shares-the-session-and-the-scope ()
  (rlm-test-asking '(("src/a.rs" . "one\n"))
    (let ((first (rlm-query-file "src/a.rs" "Where is the first\n and only line of it?"))
          (other (save-current-buffer (rlm-query "Why?"))))
      (switch-to-buffer first)
      (delete-other-windows)
      (setq-local rlm-options '(:maxDepth 1))
      (rlm-test-reply rlm--run :result (rlm-test-result "In src/a.rs:1."))
      (should (eq (key-binding "f") #'rlm-follow-up))
      (should (equal (rlm-test-follow-up "And the second?")
                     "Follow up on “Where is the first and only line of it?”: "))
      ;; It takes the place of the answer that it follows.
      (should (equal (buffer-name) "*rlm: And the second?*"))
      (should (one-window-p))
      (should (equal (buffer-substring-no-properties (point-min) rlm--answer-start)
                     "And the second?
about src/a.rs, after “Where is the first and only line of it?”

"))
      (pcase-let ((`(,one ,two ,three) (rlm-test-sent-as 'rlm/query)))
        (should (equal (plist-get one :sessionId) (plist-get three :sessionId)))
        (should (stringp (plist-get one :sessionId)))
        (should-not (equal (plist-get one :sessionId) (plist-get two :sessionId)))
        (should (equal (plist-get one :scope) (plist-get three :scope)))
        (should-not (equal (plist-get one :queryId) (plist-get three :queryId)))
        (should (equal (plist-get three :options) '(:maxDepth 1))))
      (rlm-test-reply rlm--run :result (rlm-test-result "There is none."))
      (should (equal (rlm-test-answer) "There is none."))
      (rlm-test-follow-up "Really?")
      (should (= 1 (length (delete-dups (delete (rlm--run-session
                                                 (buffer-local-value 'rlm--run other))
                                                (rlm-test-sessions))))))
      ;; The way back.
      (goto-char (point-min))
      (forward-button 1)
      (push-button)
      (should (equal (buffer-name (window-buffer)) "*rlm: And the second?*")))))

(ert-deftest rlm-test-a-follow-up-from-elsewhere-continues-the-latest-answer ()
  (rlm-test-asking nil
    (should-error (call-interactively #'rlm-follow-up) :type 'user-error)
    (dolist (question '("One?" "Two?"))
      (rlm-query question)
      (rlm-test-reply (car rlm--runs) :result (rlm-test-result "Yes.")))
    (let ((window (get-buffer-window "*rlm: Two?*")))
      (should window)
      (with-selected-window (split-window (frame-root-window))
        (switch-to-buffer "*scratch*")
        (should (equal (rlm-test-follow-up "Why?") "Follow up on “Two?”: "))
        (should (eq (get-buffer-window "*rlm: Why?*") window))))
    (rlm-test-reply (car rlm--runs) :result (rlm-test-result "So."))
    (with-temp-buffer
      (cl-letf (((symbol-function 'completing-read)
                 (lambda (_prompt names &rest _)
                   (should (equal (sort names #'string<)
                                  '("*rlm: One?*" "*rlm: Two?*" "*rlm: Why?*")))
                   "*rlm: One?*"))
                (current-prefix-arg '(4)))
        (should (equal (rlm-test-follow-up "How?") "Follow up on “One?”: "))))
    (pcase-let ((`(,one ,two ,why ,how) (rlm-test-sessions)))
      (should (equal (list one two) (list how why))))))

(ert-deftest rlm-test-a-session-ends-with-its-last-answer-buffer ()
  (rlm-test-in-answer (run nil)
    (rlm-test-reply run :result (rlm-test-result "Here."))
    (rlm-test-follow-up "And that?")
    (let ((follow-up (current-buffer)))
      (kill-buffer (rlm--run-buffer run))
      (should-not (rlm-test-ended))
      (goto-char (point-min))
      (forward-button 1)
      (should-error (push-button) :type 'user-error)
      (kill-buffer follow-up)
      (should (equal (rlm-test-ended) (list (rlm--run-session run))))
      (should (rlm-test-sent-as 'rlm/cancel)))))

(ert-deftest rlm-test-a-conversation-of-another-day-is-chosen-by-its-question ()
  (rlm-test-asking nil
    (rlm-continue "And now?" "s-1")
    (should (equal (rlm-test-sessions) '("s-1")))
    (should-error (rlm--read-session nil) :type 'user-error)
    (let ((kept '((:sessionId "a" :title "One?" :questions 1 :secondsAgo 59)
                  (:sessionId "b" :title "Two?" :questions 3 :secondsAgo 7300))))
      (cl-letf (((symbol-function 'completing-read)
                 (lambda (_prompt names &rest _)
                   (should (string-prefix-p "Two? (3, 2h 1m" (cadr names)))
                   (cadr names))))
        (should (equal (rlm--read-session kept) "b"))))))

(ert-deftest rlm-test-a-stopped-query-goes-on-by-one-key ()
  (rlm-test-in-answer (run nil)
    (should (eq (key-binding "r") #'rlm-resume))
    (should-error (call-interactively #'rlm-resume) :type 'user-error)
    (rlm-test-reply run :error `(:code -32800 :message "cancelled"
                                 :data (:queryId "q" :partial
                                        ,(rlm-test-result "Half." :run 12))))
    (call-interactively #'rlm-resume)
    (should (eq (rlm--run-buffer rlm--run) (current-buffer)))
    (let ((sent (car (last (rlm-test-sent-as 'rlm/query)))))
      (should (equal (plist-get sent :resume) 12))
      (should (equal (plist-get sent :query) "Where is it?"))
      (should (equal (plist-get sent :sessionId) (rlm--run-session run))))
    (rlm-test-reply rlm--run :result (rlm-test-result "Here."))
    (should-error (call-interactively #'rlm-resume) :type 'user-error)))

(ert-deftest rlm-test-a-query-that-another-emacs-began-is-chosen-and-goes-on ()
  (rlm-test-asking nil
    (rlm-resume '(:run 3 :sessionId "s-1" :query "Where?"))
    (let ((sent (car (rlm-test-sent-as 'rlm/query))))
      (should (equal (plist-get sent :resume) 3))
      (should (equal (plist-get sent :sessionId) "s-1")))
    (should-error (rlm--read-stopped nil) :type 'user-error)
    (let ((runs '((:run 3 :query "One?" :state "stopped" :secondsAgo 59)
                  (:run 2 :query "Two?" :state "cost" :secondsAgo 7300))))
      (cl-letf (((symbol-function 'completing-read)
                 (lambda (_prompt names &rest _)
                   (should (string-prefix-p "2: Two? (cost, 2h 1m"
                                            (cadr names)))
                   (cadr names))))
        (should (equal (plist-get (rlm--read-stopped runs) :run) 2))))))

(ert-deftest rlm-test-asking-again-begins-a-session-and-stays-in-that-of-a-follow-up ()
  (rlm-test-in-answer (run nil)
    (rlm-test-reply run :result (rlm-test-result "Here."))
    (revert-buffer)
    (should (equal (rlm-test-ended) (list (rlm--run-session run))))
    (let ((first rlm--run))
      (rlm-test-reply first :result (rlm-test-result "Here."))
      (rlm-test-follow-up "And that?")
      (rlm-test-reply rlm--run :result (rlm-test-result "There."))
      (let ((follow-up (current-buffer)))
        (revert-buffer)
        (should (eq (window-buffer) follow-up))
        (should (string-match-p "after “Where is it" (buffer-string)))
        (with-current-buffer (rlm--run-buffer first)
          (should-error (rlm-follow-up "And?") :type 'user-error)))
      (should (equal (rlm-test-sessions)
                     (list (rlm--run-session run) (rlm--run-session first)
                           (rlm--run-session first) (rlm--run-session first))))
      (should (= 1 (length (rlm-test-ended)))))))

(ert-deftest rlm-test-a-session-answers-one-question-at-a-time ()
  (rlm-test-in-answer (run nil)
    (let ((error (should-error (call-interactively #'rlm-follow-up)
                               :type 'user-error)))
      (should (equal (cadr error) "“Where is it?” is still being answered: \
wait for its end, or cancel it")))
    (should (equal (rlm-test-sessions) (list (rlm--run-session run))))))

;;;; What is sent

(ert-deftest rlm-test-questions-name-their-scope ()
  (rlm-test-asking '(("src/a.rs" . "öne 𝄞 two\nthree\n"))
    (let ((uri (rlm--path-to-uri (expand-file-name "src/a.rs"))))
      (rlm-query "Why?")
      (rlm-query-file "src/a.rs" "Why?")
      (rlm-query "Why?" (rlm--file-scope "src" 'directory))
      (with-current-buffer (find-file-noselect "src/a.rs")
        (goto-char (point-min))
        (search-forward "𝄞")
        (rlm-query-region (point) (point-max) "Why?")
        (should-error (rlm-query-region (point) (point) "Why?") :type 'user-error))
      (should (equal (mapcar (lambda (it) (plist-get it :scope))
                             (rlm-test-sent-as 'rlm/query))
                     `((:kind "workspace")
                       (:kind "file" :uri ,uri)
                       (:kind "folder" :uri ,(rlm--path-to-uri
                                              (expand-file-name "src")))
                       (:kind "selection" :uri ,uri
                        :range (:start (:line 0 :character 6)
                                :end (:line 2 :character 0))))))
      (should (equal (cl-remove-duplicates
                      (mapcar (lambda (it) (plist-get it :queryId))
                              (rlm-test-sent-as 'rlm/query))
                      :test #'equal)
                     (mapcar (lambda (it) (plist-get it :queryId))
                             (rlm-test-sent-as 'rlm/query)))))))

(ert-deftest rlm-test-a-carriage-return-ends-a-line-of-a-region ()
  (rlm-test-asking '(("a.rs" . "one\ntwo\rthree\n"))
    (with-current-buffer (find-file-noselect "a.rs")
      (goto-char (point-min))
      (search-forward "th")
      (should (equal (rlm--lsp-position (point)) '(:line 2 :character 2))))))

(ert-deftest rlm-test-a-region-asked-about-again-has-moved-with-its-text ()
  (rlm-test-asking '(("a.rs" . "one\ntwo\n"))
    (let (answer)
      (with-current-buffer (find-file-noselect "a.rs")
        (setq answer (rlm-test-query "Why?" 5 8))
        (goto-char (point-min))
        (insert "zero\n"))
      (with-current-buffer answer
        (should (string-match-p "about a.rs:2\n" (buffer-string)))
        (rlm-test-reply rlm--run :result (rlm-test-result "a"))
        (revert-buffer))
      (should (equal (mapcar (lambda (it)
                               (plist-get (plist-get it :scope) :range))
                             (rlm-test-sent-as 'rlm/query))
                     '((:start (:line 1 :character 0) :end (:line 1 :character 3))
                       (:start (:line 2 :character 0)
                        :end (:line 2 :character 3))))))))

(ert-deftest rlm-test-the-text-of-unsaved-buffers-is-kept-up-to-date ()
  (rlm-test-asking '(("a.rs" . "old\n") ("b.rs" . "untouched\n"))
    (let ((uri (rlm--path-to-uri (expand-file-name "a.rs")))
          (ask (lambda ()
                 (let ((sent (length (rlm-test-sent))))
                   (rlm-test-query "Why?")
                   (butlast (nthcdr sent (rlm-test-sent)))))))
      (setq rlm--server (rlm-test-make-server root))
      (find-file-noselect "b.rs")
      (with-current-buffer (find-file-noselect "a.rs")
        (should-not (funcall ask))
        (should-not (memq #'rlm--close-current-document after-save-hook))
        (insert "new")
        (narrow-to-region 1 2)
        (should (equal (funcall ask)
                       `((textDocument/didOpen
                          (:textDocument (:uri ,uri :version 0
                                          :languageId ,(string-remove-suffix
                                                        "-mode"
                                                        (symbol-name major-mode))
                                          :text "newold\n"))
                          nil))))
        (should-not (funcall ask))
        (widen)
        (goto-char 4)
        (insert "er ")
        (should (equal (funcall ask)
                       `((textDocument/didChange
                          (:textDocument (:uri ,uri :version 1)
                           :contentChanges [(:text "newer old\n")])
                          nil))))
        (save-buffer)
        (should (equal (car (last (rlm-test-sent)))
                       `(textDocument/didClose (:textDocument (:uri ,uri)) nil)))
        (should-not (memq #'rlm--close-current-document after-save-hook))
        (should-not (funcall ask))
        (insert "and so on ")
        (funcall ask)
        (revert-buffer t t)
        (should (equal (funcall ask)
                       `((textDocument/didClose (:textDocument (:uri ,uri)) nil))))
        (insert "x")
        (funcall ask)
        (set-buffer-modified-p nil)
        (kill-buffer)
        (should (equal (caar (last (rlm-test-sent))) 'textDocument/didClose))))))

(ert-deftest rlm-test-invalid-bytes-of-a-buffer-do-not-stop-a-question ()
  (rlm-test-asking '(("a.rs" . "text\n"))
    (with-current-buffer (find-file-noselect "a.rs")
      (insert "a" (unibyte-char-to-multibyte 200) "b" #xd800 "c" 0 "𝄞")
      (rlm-query "Why?")
      (should (equal (plist-get (plist-get (car (rlm-test-sent-as
                                                 'textDocument/didOpen))
                                           :textDocument)
                                :text)
                     "a\ufffdb\ufffdc\0𝄞text\n")))))

(ert-deftest rlm-test-compressed-and-foreign-buffers-stay-here ()
  (rlm-test-asking nil
    (let ((other (make-temp-file "rlm-test")))
      (unwind-protect
          (dolist (name (list (expand-file-name "secret.txt.gz") other))
            (with-current-buffer (generate-new-buffer "unsaved")
              (setq buffer-file-name name)
              (insert "text")))
        (delete-file other)))
    (rlm-query "Why?")
    (should-not (rlm-test-sent-as 'textDocument/didOpen))))

(ert-deftest rlm-test-each-question-has-its-project-as-the-workspace ()
  (rlm-test-asking '(("a.rs" . ""))
    (let* ((other (file-name-as-directory (file-truename
                                           (make-temp-file "rlm-test" t))))
           (folder (lambda (root)
                     (list :uri (rlm--path-to-uri root)
                           :name (file-name-nondirectory
                                  (directory-file-name root)))))
           (mine (funcall folder root))
           (yours (funcall folder other))
           (default-directory other))
      (unwind-protect
          (progn
            (with-current-buffer (find-file-noselect (expand-file-name "a.rs" root))
              (insert "unsaved")
              (rlm-test-query "Why?"))
            (rlm-query "Why?")
            (rlm-query "Why?")
            (should (equal (mapcar #'car (rlm-test-sent))
                           '(textDocument/didOpen
                             rlm/query
                             workspace/didChangeWorkspaceFolders
                             textDocument/didClose
                             rlm/query
                             rlm/query)))
            (rlm-query "Why?" (rlm--workspace-scope))
            (should (equal (rlm-test-sent-as 'workspace/didChangeWorkspaceFolders)
                           `((:event (:added [,yours] :removed [,mine]))
                             (:event (:added [,mine] :removed []))))))
        (delete-directory other)))))

(ert-deftest rlm-test-options-are-sent-as-the-protocol-has-them ()
  (let ((rlm-options '(:model "a::b" :maxCost 0.5 :worker nil
                       :exclude ("vendor/**" "*.min.js")
                       :price (("m" 3 15) ("n:1" 0.5 2)))))
    (should (equal (json-serialize (plist-get (rlm--initialize-params "/x/")
                                              :initializationOptions))
                   (concat "{\"model\":\"a::b\",\"maxCost\":0.5,"
                           "\"exclude\":[\"vendor/**\",\"*.min.js\"],"
                           "\"price\":{\"m\":[3,15],\"n:1\":[0.5,2]}}"))))
  ;; Objects can be written in every way that Lisp has.
  (dolist (options '((:price (:m (3 15))) ((price . ((m . [3 15]))))
                     (("price" :m [3 15]))))
    (should (equal (json-serialize (rlm--json-options options))
                   "{\"price\":{\"m\":[3,15]}}")))
  (should (equal (json-serialize (rlm--json-options nil)) "{}"))
  (should (risky-local-variable-p 'rlm-options))
  (should (risky-local-variable-p 'rlm-command)))

(ert-deftest rlm-test-options-that-json-cannot-have-are-named ()
  (pcase-dolist (`(,options . ,expected)
                 '(((:model foo) . "model cannot be foo")
                   ((:endpoint ("http://a" . 1)) . "endpoint cannot be (\"http://a\" . 1)")
                   ((:include ("a" b)) . "include cannot be b")
                   ((:price (:m (3 1.0e+INF))) . "price cannot be 1.0e+INF")
                   ((:exclude ["\377"]) . "exclude cannot be")
                   ((:model) . "must be a property list")
                   ("model" . "must be a property list")))
    (rlm-test-asking nil
      (setq rlm-options options)
      (let ((error (should-error (rlm-query "Why?") :type 'user-error)))
        (should (string-match-p (regexp-quote expected) (cadr error))))
      (should-not rlm--runs)
      (should-not rlm--server))))

(ert-deftest rlm-test-changed-options-are-sent-whole ()
  (rlm-test-asking nil
    (let ((changes (lambda ()
                     (mapcar #'json-serialize
                             (rlm-test-sent-as
                              'workspace/didChangeConfiguration)))))
      (setq rlm-options (list :model "one" :maxCalls 3))
      (rlm-query "Why?")
      (rlm-query "Why?")
      (should-not (funcall changes))
      ;; Also when the list itself is changed.
      (plist-put rlm-options :model "two")
      (rlm-query "Why?")
      (setq rlm-options nil)
      (rlm-query "Why?")
      (should (equal (mapcar #'car (last (rlm-test-sent) 2))
                     '(workspace/didChangeConfiguration rlm/query)))
      (should (equal (funcall changes)
                     '("{\"settings\":{\"rlm\":{\"model\":\"two\",\"maxCalls\":3}}}"
                       "{\"settings\":{\"rlm\":{}}}"))))))

(ert-deftest rlm-test-options-of-a-buffer-are-those-of-its-question ()
  (rlm-test-asking nil
    (with-temp-buffer
      (setq-local rlm-options '(:maxDepth 1))
      (rlm-query "Why?")
      (should (equal rlm-options '(:maxDepth 1))))
    (rlm-query "Why?")
    (should (equal (mapcar (lambda (it) (plist-get it :options))
                           (rlm-test-sent-as 'rlm/query))
                   '((:maxDepth 1) nil)))
    (should-not (rlm-test-sent-as 'workspace/didChangeConfiguration))))

(ert-deftest rlm-test-a-query-may-take-for-ever ()
  (rlm-test-asking nil
    (let ((timers (copy-sequence timer-list)))
      (rlm-query "Why?")
      (should (equal (seq-difference timer-list timers #'eq) (list rlm--timer))))))

(ert-deftest rlm-test-an-empty-question-is-not-asked ()
  (rlm-test-asking nil
    (should-error (rlm-query " ") :type 'user-error)
    (should-not rlm--server)))

(ert-deftest rlm-test-remote-projects-are-refused ()
  (let ((default-directory "/ssh:nowhere.invalid:/x/"))
    (should-error (rlm--project-scope) :type 'user-error)))

;;;; The real program

(defun rlm-test-wait-for (condition)
  "Wait until CONDITION holds; fail if it does not within a minute."
  (let ((deadline (+ (float-time) 60)))
    (while (not (funcall condition))
      (when (> (float-time) deadline)
        (ert-fail (list 'timeout condition)))
      (accept-process-output nil 0.01))))

(defconst rlm-test-kettle
  (concat (mapconcat (lambda (number)
                       (format "def filler_%d():\n    return %d\n" number number))
                     (number-sequence 1 60) "\n")
          "\ndef boil(water):\n"
          "    \"\"\"Heats the water in the kettle until steam comes out.\"\"\"\n"
          "    while water.temperature < 100:\n"
          "        water.heat()\n"
          "    return water\n")
  "A file with one function that is worth asking about.")

(defconst rlm-test-kettle-line 181
  "The line of `rlm-test-kettle' that defines the function.")

(defmacro rlm-test-with-server (files &rest body)
  "Evaluate BODY in a project with FILES and the program of RLM_SERVER."
  (declare (indent 1) (debug t))
  `(let ((server (getenv "RLM_SERVER")))
     (cond
      ((and server (file-executable-p server)))
      ((equal (getenv "CI") "true")
       (ert-fail "RLM_SERVER does not name the rlm binary"))
      (t (ert-skip "RLM_SERVER does not name the rlm binary")))
     (let ((rlm-command (list (expand-file-name server) "lsp")))
       (rlm-test-in-project ,files ,@body))))

(defun rlm-test-ask (question)
  "Ask QUESTION of the current project and return the buffer of the answer."
  (let ((buffer (rlm-test-query question)))
    (rlm-test-await buffer)
    buffer))

(defun rlm-test-await (buffer)
  "Wait for the end of the query in BUFFER."
  (let ((run (buffer-local-value 'rlm--run buffer)))
    (rlm-test-wait-for (lambda () (not (rlm--active-p run))))
    run))

(defun rlm-test-push (target)
  "Push the first button of the answer that leads to TARGET."
  (goto-char rlm--answer-start)
  (while (not (equal (button-get (button-at (progn (forward-button 1) (point)))
                                 'rlm-target)
                     target)))
  (push-button))

(defun rlm-test-processes (text)
  "Return the ids of the living processes whose arguments contain TEXT."
  (seq-filter (lambda (id)
                (let ((attributes (process-attributes id)))
                  (and (not (equal (alist-get 'state attributes) "Z"))
                       (string-match-p (regexp-quote text)
                                       (or (alist-get 'args attributes) "")))))
              (list-system-processes)))

(defmacro rlm-test-with-hanging-model (duration &rest body)
  "Evaluate BODY with a model that never answers.
DURATION is bound to the argument by which its process is known."
  (declare (indent 1) (debug t))
  `(let* ((,duration (format "600.%d" (emacs-pid)))
          (rlm-options (list :model (concat "cli:sleep " ,duration))))
     (unwind-protect (progn ,@body)
       (dolist (id (rlm-test-processes (concat "sleep " ,duration)))
         (signal-process id 9)))))

(ert-deftest rlm-test-server-answers-and-a-citation-opens-the-right-line ()
  (rlm-test-with-server `(("src/kettle.py" . ,rlm-test-kettle)
                          ("src/cups.py" . "def wash(cup):\n    return cup\n"))
    (let* ((text "")
           (record (lambda (run addition reset)
                     (ignore run)
                     (setq text (if reset addition (concat text addition)))))
           (watch (lambda (addition reset) (funcall record nil addition reset))))
      (advice-add 'rlm--append :before watch)
      (unwind-protect
          (with-current-buffer (rlm-test-ask "Where does the kettle heat the water?")
            (advice-remove 'rlm--append watch)
            (should (eq (rlm--run-state rlm--run) 'done))
            (should (equal (rlm--run-model rlm--run) "extractive"))
            ;; The deltas came before the reply and made up the answer.
            (should (equal text (plist-get (rlm--run-result rlm--run) :answer)))
            (let ((target (cadr (seq-find
                                 (lambda (it)
                                   (pcase-let ((`(,path ,first ,last) (cadr it)))
                                     (and (equal path "src/kettle.py")
                                          (<= (- first 2) rlm-test-kettle-line
                                              last))))
                                 (rlm-test-buttons)))))
              (should target)
              (rlm-test-push target)
              (with-current-buffer (window-buffer)
                (should (equal buffer-file-name
                               (expand-file-name "src/kettle.py" root)))
                (should (= (line-number-at-pos (window-point)) (nth 1 target))))))
        (advice-remove 'rlm--append watch)))))

(ert-deftest rlm-test-server-answers-about-a-real-repository ()
  (rlm-test-with-server '()
    (let* ((root (file-name-as-directory
                  (file-truename (getenv "RLM_TEST_REPOSITORY"))))
           (default-directory root))
      (with-current-buffer (rlm-test-ask "Where are citations checked?")
        (should (eq (rlm--run-state rlm--run) 'done))
        (let ((target (cadr (seq-find
                             (lambda (it)
                               (equal (car (cadr it)) "src/engine/cite.rs"))
                             (rlm-test-buttons)))))
          (should target)
          (rlm-test-push target)
          (with-current-buffer (window-buffer)
            (should (equal buffer-file-name
                           (expand-file-name "src/engine/cite.rs" root)))
            (goto-char (window-point))
            (should (= (line-number-at-pos) (nth 1 target)))
            ;; The cited lines are those of the function that does it.
            (should (search-forward
                     "pub fn citations("
                     (line-end-position (- (nth 2 target) (nth 1 target) -1))
                     t))))))))

(ert-deftest rlm-test-server-answers-about-the-region ()
  (rlm-test-with-server `(("src/kettle.py" . ,rlm-test-kettle))
    ;; No word of the question leads there: only the region does.
    (let* ((first (- rlm-test-kettle-line 60))
           (last (+ first 1))
           (buffer (with-current-buffer (find-file-noselect "src/kettle.py")
                     (goto-char (point-min))
                     (forward-line (1- first))
                     (rlm-test-query "What does this do?"
                                     (point) (line-end-position 2))))
           (run (rlm-test-await buffer)))
      (should (eq (rlm--run-state run) 'done))
      (should (seq-some (lambda (citation)
                          (pcase-let ((`(,path ,from ,to)
                                       (rlm--citation-key citation)))
                            (and (equal path "src/kettle.py")
                                 (<= from last)
                                 (<= first to))))
                        (plist-get (rlm--run-result run) :citations))))))

(ert-deftest rlm-test-server-sees-unsaved-text ()
  (rlm-test-with-server '(("recipe.txt" . "Take rice.\nServe.\n"))
    (let ((question "How much zanzibar spice is needed?")
          (answer (lambda (buffer)
                    (with-current-buffer buffer (rlm--answer-text)))))
      (should-not (string-match-p "forty grams"
                                  (funcall answer (rlm-test-ask question))))
      (with-current-buffer (find-file-noselect "recipe.txt")
        (insert "Zanzibar spice: forty grams.\n")
        (should (string-match-p "forty grams"
                                (funcall answer (rlm-test-ask question))))
        (goto-char (point-min))
        (search-forward "forty")
        (replace-match "ninety")
        (should (string-match-p "ninety grams"
                                (funcall answer (rlm-test-ask question))))
        (revert-buffer t t)
        (should-not (string-match-p "ninety grams"
                                    (funcall answer (rlm-test-ask question))))))))

(ert-deftest rlm-test-server-stops-when-cancelled ()
  (rlm-test-with-server '(("a.txt" . "one\n"))
    (rlm-test-with-hanging-model duration
      (let* ((buffer (rlm-query "Why?"))
             (run (buffer-local-value 'rlm--run buffer))
             (sleeping (lambda () (rlm-test-processes (concat "sleep " duration)))))
        (rlm-test-wait-for sleeping)
        (with-current-buffer buffer (call-interactively #'rlm-cancel))
        (rlm-test-wait-for (lambda () (not (rlm--active-p run))))
        (should (eq (rlm--run-state run) 'cancelled))
        (rlm-test-wait-for (lambda () (not (funcall sleeping))))
        (with-current-buffer buffer
          (should (string-match-p "^Cancelled\\.$" (rlm-test-answer))))))))

(ert-deftest rlm-test-server-that-is-killed-is-reported-and-started-again ()
  (rlm-test-with-server '(("a.txt" . "The kettle boils.\n"))
    (rlm-test-with-hanging-model duration
      (let ((buffer (rlm-query "Why?")))
        (rlm-test-wait-for (lambda ()
                             (rlm-test-processes (concat "sleep " duration))))
        (signal-process (rlm--server-process rlm--server) 9)
        (should (eq (rlm--run-state (rlm-test-await buffer)) 'failed))
        (with-current-buffer buffer
          (should (string-match-p "The server ended (signal 9)"
                                  (rlm-test-answer))))
        (should-not rlm--server)))
    (with-current-buffer (rlm-test-ask "Where is the kettle?")
      (should (eq (rlm--run-state rlm--run) 'done))
      (should (string-match-p "a\\.txt:1" (rlm--answer-text))))))

(ert-deftest rlm-test-server-answers-two-projects-at-once ()
  (rlm-test-with-server `(("src/kettle.py" . ,rlm-test-kettle))
    (let* ((other (expand-file-name "other/" root))
           (first (rlm-query "Where does the kettle heat the water?"))
           second)
      (make-directory other)
      (let ((default-directory other))
        (call-process "git" nil nil nil "init" "--quiet")
        (with-temp-file "cups.txt"
          (insert "Plates\n\nThe porcelain cups are in the cupboard.\n"))
        (setq second (rlm-query "Where are the porcelain cups?")))
      (should-not (eq first second))
      (rlm-test-await first)
      (rlm-test-await second)
      (pcase-dolist (`(,buffer . ,file)
                     `((,first . ,(expand-file-name "src/kettle.py" root))
                       (,second . ,(expand-file-name "cups.txt" other))))
        (with-current-buffer buffer
          (should (eq (rlm--run-state rlm--run) 'done))
          (let ((files (mapcar (lambda (it) (rlm--locate (car (cadr it))))
                               (rlm-test-buttons))))
            (should (member file files))
            (should-not (memq nil files))))))))

(defconst rlm-test-model
  "import sys
question = sys.stdin.read().rsplit('# Question', 1)[-1]
if 'begin' in question:
    program = \"kept = 6 * 7\\nFINAL('It has begun.')\"
elif 'hang' in question:
    import time
    time.sleep(600)
else:
    program = \"FINAL(f\\\"{globals().get('kept')} after {len(history) if 'history' in globals() else 0}\\\")\"
print(f'```repl\\n{program}\\n```')
"
  "A model, a program in Python, that keeps a variable and then tells it.")

(defmacro rlm-test-with-scripted-model (&rest body)
  "Evaluate BODY in a project with the program and `rlm-test-model'."
  (declare (indent 0) (debug t))
  `(rlm-test-with-server '(("a.txt" . "one\n"))
     (let* ((model (make-temp-file "rlm-test" nil ".py" rlm-test-model))
            (rlm-options (list :model (concat "cli:python3 " model)
                               :strategy "rlm")))
       (unwind-protect (progn ,@body)
         (delete-file model)))))

(defun rlm-test-asked-further (question)
  "Ask QUESTION as a follow-up of the current answer, and return the answer."
  (let ((buffer (save-current-buffer (rlm-follow-up question))))
    (rlm-test-await buffer)
    (with-current-buffer buffer (rlm-test-declared))))

(ert-deftest rlm-test-server-keeps-variables-for-a-follow-up-until-it-restarts ()
  (rlm-test-with-scripted-model
    (with-current-buffer (rlm-test-ask "Please begin")
      (should (equal (rlm-test-declared) "It has begun."))
      (should (equal (rlm-test-asked-further "What is there?") "42 after 1"))
      (should (equal (rlm-test-asked-further "And now?") "42 after 2"))
      (rlm-shutdown)
      (should (equal (rlm-test-asked-further "And now?") "None after 0")))))

(ert-deftest rlm-test-server-goes-on-with-a-conversation-after-a-restart ()
  (let* ((store (make-temp-file "rlm-store-" t))
         (process-environment
          (cons (concat "RLM_STORE=" store) process-environment)))
    (unwind-protect
        (rlm-test-with-scripted-model
          (with-current-buffer (rlm-test-ask "Please begin")
            (should (equal (rlm-test-declared) "It has begun."))
            (rlm-shutdown)
            (should (equal (rlm-test-asked-further "What is there?")
                           "42 after 1"))
            (let ((kept (rlm--kept-sessions (rlm--project-scope))))
              (should (equal (mapcar (lambda (it) (plist-get it :title)) kept)
                             '("Please begin")))
              (should (equal (plist-get (car kept) :sessionId)
                             (rlm--run-session rlm--run))))))
      (delete-directory store t))))

(defmacro rlm-test-with-nothing-configured (files &rest body)
  "Evaluate BODY in a project with FILES, the program, and no model at all."
  (declare (indent 1) (debug t))
  `(let ((process-environment
          (append '("OLLAMA_HOST=127.0.0.1:9")
                  (seq-remove
                   (lambda (it)
                     (string-match-p
                      "\\`\\(?:RLM_\\(?:WORKER_\\)?MODEL\\|RLM_ENDPOINT\\|[^=]*_API_KEY\\)="
                      it))
                   process-environment))))
     (rlm-test-with-server ,files
       (let ((rlm-options nil)) ,@body))))

(ert-deftest rlm-test-server-answers-follow-ups-with-nothing-configured ()
  (rlm-test-with-nothing-configured
      `(("src/kettle.py" . ,rlm-test-kettle)
        ("README.md" . "# Tea\n\nThe porcelain cups are in the cupboard.\n"))
    (let ((answers (mapcar #'rlm-test-query
                           (make-list 3 "Where does the kettle heat the water?"))))
      (mapc #'rlm-test-await answers)
      (pcase-dolist (`(,question . ,expected)
                     '(("What calls boil?" . "boil")
                       ("Where are the porcelain cups?" . "in the cupboard")
                       ("What is this project about?" . "cupboard")
                       ("Where is filler_7 defined?" . "src/kettle\\.py:")))
        (setq answers
              (mapcar (lambda (answer)
                        (save-current-buffer (rlm-follow-up question answer)))
                      answers))
        (dolist (answer answers)
          (should (eq (rlm--run-state (rlm-test-await answer)) 'done))
          (with-current-buffer answer
            (should (string-match-p expected (rlm-test-answer)))
            (should (equal (rlm--run-model rlm--run) "extractive"))))))))

(ert-deftest rlm-test-server-forgets-an-endpoint-that-was-removed ()
  (rlm-test-with-scripted-model
    (with-current-buffer (rlm-test-ask "Please begin")
      (should (equal (rlm-test-asked-further "What is there?") "42 after 1"))
      (dolist (options '((:maxCalls 7) nil))
        (setq rlm-options options)
        (let ((buffer (save-current-buffer (rlm-follow-up "What is one?"))))
          (should (eq (rlm--run-state (rlm-test-await buffer)) 'done))
          (should-not (string-prefix-p "cli:"
                                       (rlm--run-model (buffer-local-value
                                                        'rlm--run buffer)))))))))

(ert-deftest rlm-test-server-keeps-what-was-shown-of-a-cancelled-answer ()
  (rlm-test-with-server '(("a.txt" . "one\n"))
    (let* ((model (make-temp-file
                   "rlm-test" nil ".sh"
                   "cat >/dev/null\nprintf 'It begins well'\nsleep 600\n"))
           (rlm-options (list :model (concat "cli:sh " model) :strategy "direct")))
      (unwind-protect
          (with-current-buffer (rlm-query "Why?")
            (rlm-test-wait-for (lambda () (equal (rlm--answer-text) "It begins well")))
            (rlm-cancel)
            (rlm-test-await (current-buffer))
            (should (equal (rlm-test-answer)
                           "It begins well\n\nThis answer was cut off.\n\nCancelled.\n")))
        (delete-file model)))))

(ert-deftest rlm-test-server-forgets-a-session-whose-buffers-are-killed ()
  (rlm-test-with-scripted-model
    (with-current-buffer (rlm-test-ask "Please begin")
      (let ((run rlm--run))
        (kill-buffer (rlm-follow-up "What is there?"))
        (kill-buffer)
        (let ((next (rlm--ask "What is there?" (rlm--run-scope run) nil run)))
          (rlm-test-await next)
          (with-current-buffer next
            (should (equal (rlm-test-declared) "None after 0"))))))))

(ert-deftest rlm-test-server-refuses-two-questions-of-a-session-at-once ()
  (rlm-test-with-scripted-model
    (let* ((busy (buffer-local-value 'rlm--run (rlm-query "Please hang")))
           (buffer (rlm--ask "And?" (rlm--run-scope busy) nil busy)))
      (rlm-test-await buffer)
      (with-current-buffer buffer
        (should (equal (rlm-test-answer)
                       "The query failed: an earlier question of this session is \
still being answered
When that has ended, g asks again.
"))))))

(ert-deftest rlm-test-server-says-that-a-file-is-not-there ()
  (rlm-test-with-server nil
    (let ((buffer (rlm-query-file (expand-file-name "nowhere.txt") "Why?")))
      (should (eq (rlm--run-state (rlm-test-await buffer)) 'failed))
      (with-current-buffer buffer
        (should (string-match-p "\\`The query failed: .*nowhere\\.txt"
                                (rlm-test-answer)))))))

(ert-deftest rlm-test-server-tells-its-status ()
  (rlm-test-with-server '(("a.txt" . "The kettle boils.\n"))
    (rlm-test-ask "Where is the kettle?")
    (let (said)
      (cl-letf (((symbol-function 'message)
                 (lambda (format &rest arguments)
                   (setq said (apply #'format format arguments)))))
        (rlm-status)
        (rlm-test-wait-for (lambda () said)))
      (should (string-match-p "\\`rlm [0-9.]+.*: extractive (.+); [0-9]+ call" said)))))

(ert-deftest rlm-test-server-previews-a-question ()
  (rlm-test-with-server '(("a.txt" . "The kettle boils.\n") (".env" . "KEY=1\n"))
    (let ((name "*rlm preview*"))
      (rlm-preview "Where is the kettle?")
      (rlm-test-wait-for (lambda () (get-buffer name)))
      (with-current-buffer name
        (let ((text (buffer-string)))
          (kill-buffer)
          (should (string-prefix-p "Where is the kettle?  Ask this\n\nmodel "
                                   text))
          (should (string-match-p "^context +1 file, 18 bytes" text))
          (should (string-match-p "^  \\.env: " text)))))
    (should-not rlm--runs)))

(ert-deftest rlm-test-server-shows-where-work-pays ()
  (rlm-test-with-server '(("README.md" . "See [the guide](missing.md).\n"))
    (let ((name "*rlm dogfood*"))
      (rlm-dogfood)
      (rlm-test-wait-for (lambda () (get-buffer name)))
      (with-current-buffer name
        (let ((text (buffer-string)))
          (kill-buffer)
          (should (string-prefix-p "# Where work pays" text))
          (should (string-match-p "The link to `missing.md` leads nowhere" text)))))
    (should-not rlm--runs)))

(ert-deftest rlm-test-emacs-ends-while-a-query-runs ()
  (rlm-test-with-server '(("a.txt" . "one\n"))
    (rlm-test-with-hanging-model duration
      (let ((process
             (make-process
              :name "emacs" :buffer (generate-new-buffer " *emacs*") :noquery t
              :command
              (list (or (getenv "EMACS")
                        (expand-file-name invocation-name invocation-directory))
                    "-Q" "--batch" "-L" (file-name-directory (locate-library "rlm"))
                    "-l" "rlm" "--eval"
                    (format "%S"
                            `(progn
                               (setq rlm-command ',rlm-command
                                     rlm-options ',rlm-options)
                               (rlm-query "Why?")
                               (while t
                                 (accept-process-output nil 0.05)
                                 (when (file-exists-p "stop")
                                   (kill-emacs)))))))))
        (rlm-test-wait-for (lambda ()
                             (rlm-test-processes (concat "sleep " duration))))
        (write-region "" nil "stop")
        (rlm-test-wait-for (lambda () (not (process-live-p process))))
        (rlm-test-wait-for (lambda ()
                             (not (rlm-test-processes
                                   (concat "sleep " duration)))))))))

(ert-deftest rlm-shows-what-a-run-did ()
  (rlm-test-with-server '(("tea.txt" . "The kettle boils the water.\n"))
    (let ((process-environment
           (cons (concat "RLM_STORE=" (expand-file-name ".store"))
                 process-environment)))
      (with-current-buffer (rlm-test-ask "Where is the kettle?")
        (rlm-transcript)
        (let ((buffer (window-buffer)))
          (rlm-test-wait-for
           (lambda ()
             (with-current-buffer buffer
               (string-match-p "turn 1" (buffer-string))))))))))

(provide 'rlm-test)
;;; rlm-test.el ends here
