;;; rlm-user-test.el --- What users of rlm.el met  -*- lexical-binding: t; -*-

;;; Commentary:

;; What people who tried the package found missing or wrong, each as a test.  The
;; helpers are those of rlm-test.el.  Run by tests/emacs/run.

;;; Code:

(require 'cl-lib)
(require 'dired)
(require 'ert)
(require 'flymake)
(require 'rlm-commands)
(require 'rlm-test)
(require 'wid-edit)

;;;; What a run does while it goes on

(defun rlm-user-test-call (run id state)
  "Let the server say that the call ID of RUN is in STATE."
  (rlm-test-event run "subcall" :depth 1 :id id :run 0 :iteration 1 :cell 1
                  :label (format "piece\n%d" id) :state state))

(ert-deftest rlm-user-test-calls-are-counted-and-named-while-they-go-on ()
  (rlm-test-in-answer (run nil)
    (rlm-test-event run "progress" :message "turn 1: its program is running"
                    :calls 1 :inputTokens 10 :outputTokens 2)
    (dotimes (id 8) (rlm-user-test-call run id "started"))
    (rlm-user-test-call run 1 "ended")
    (rlm-user-test-call run 0 "failed")
    (rlm-test-event run "progress" :message "turn 1: its program is running"
                    :calls 3 :inputTokens 1000 :outputTokens 200 :costUsd 0.5)
    (should (equal (replace-regexp-in-string "(.* cancels)" "" (rlm-test-answer))
                   "turn 1: its program is running… 
  2 of 8 calls (1 failed) ended
    waits for: piece 2
    waits for: piece 3
    waits for: piece 4
    waits for: piece 5
    and 2 more
"))
    (should (string-match-p
             "\\` Working .*2 of 8 calls (1 failed).*1\\.2k tokens · \\$0\\.50"
             (rlm--header-line)))
    (rlm-test-event run "cell" :depth 1 :run 1 :iteration 1 :cell 1 :seconds 1.0)
    (should (string-match-p "2 of 8 calls" (rlm--header-line)))
    (rlm-test-event run "cell" :depth 0 :run 0 :iteration 1 :cell 1 :seconds 6.25
                    :error "NameError: x\nis not there")
    (rlm-test-event run "progress" :message "turn 2: m is writing")
    (should-not (string-match-p "of 8 calls" (rlm--header-line)))
    (should (string-match-p "turn 2: m is writing… .*
  turn 1: its program ran 6\\.2 s, 2 of 8 calls (1 failed), and failed: NameError: x is not there
\\'" (rlm-test-answer)))
    (rlm-test-reply run :result (rlm-test-result "a"))))

(ert-deftest rlm-user-test-calls-are-shown-below-what-there-is-of-an-answer ()
  (rlm-test-in-answer (run nil)
    (rlm-test-event run "delta" :text "It begins")
    (rlm-user-test-call run 0 "started")
    (should (string-match-p "\\`It begins\n\n.*\n  0 of 1 call ended\n    waits for: piece 0\n"
                            (rlm-test-answer)))
    (should (equal (rlm--answer-text) "It begins"))
    (rlm-test-event run "delta" :text " well")
    (should (equal (rlm-test-answer) "It begins well"))))

(ert-deftest rlm-user-test-server-tells-of-calls ()
  (rlm-test-with-server '(("a.txt" . "one\n"))
    (let* ((model (make-temp-file "rlm-test" nil ".py" "\
import os, sys, time
prompt = sys.stdin.read()
if 'PIECE' in prompt and 'llm_query' not in prompt:
    while not os.path.exists(os.path.join(os.path.dirname(__file__), sys.argv[1])):
        time.sleep(0.02)
    print('fine')
else:
    print('```repl\\nr = llm_query_batched([\"PIECE %d\" % i for i in range(3)])\\nFINAL(str(len(r)))\\n```')
"))
           (go (make-temp-name "rlm-test-go"))
           (rlm-options (list :model (format "cli:python3 %s %s" model go)
                              :strategy "rlm" :concurrency 3)))
      (unwind-protect
          (with-current-buffer (rlm-query "How many?")
            (rlm-test-wait-for
             (lambda ()
               (string-match-p
                "0 of 3 calls ended\n    waits for: PIECE 0\n    waits for: PIECE 1\n"
                (rlm-test-answer))))
            (write-region "" nil (expand-file-name go temporary-file-directory))
            (rlm-test-await (current-buffer))
            (should (equal (rlm-test-declared) "3")))
        (delete-file model)
        (delete-file (expand-file-name go temporary-file-directory))))))

(ert-deftest rlm-user-test-a-limit-before-an-answer-says-that-there-is-none ()
  (rlm-test-in-answer (run nil)
    (rlm-test-reply run :result (rlm-test-result "" :termination "timeout"))
    (should (eq (rlm--run-state run) 'limited))
    (should (equal (rlm-test-answer)
                   "The limit on time was reached before there was an answer.
t shows what was done, r goes on; allow more by :timeout of rlm-options
"))
    (goto-char (point-min))
    (search-forward ":time")
    (should (button-at (point)))))

(ert-deftest rlm-user-test-server-that-ran-out-of-time-says-so ()
  (rlm-test-with-server '(("a.txt" . "one\n"))
    (rlm-test-with-hanging-model duration
      (setq rlm-options (append '(:timeout 1) rlm-options))
      (with-current-buffer (rlm-test-ask "Why?")
        (should duration)
        (should (string-match-p "before there was an answer\\.$" (rlm-test-answer)))
        (should-not (string-match-p "partial" (rlm-test-answer)))))))

(ert-deftest rlm-user-test-an-answer-that-is-written-anew-stays-until-then ()
  (rlm-test-in-answer (run nil)
    (rlm-test-event run "delta" :text "One two three")
    (rlm-test-event run "delta" :text "" :reset t)
    (rlm-test-event run "progress" :message "turn 2: m is writing")
    (should (string-match-p
             "\\`One two three\n\nThis answer is being written anew; turn 2"
             (rlm-test-answer)))
    (rlm-test-event run "delta" :text "One two ")
    (should (equal (rlm--answer-text) "One two three"))
    (rlm-test-event run "delta" :text "and four")
    (should (equal (rlm-test-answer) "One two and four"))
    (rlm-test-event run "delta" :text ".")
    (should (equal (rlm-test-answer) "One two and four."))
    (rlm-test-event run "delta" :text "" :reset t)
    (rlm-test-event run "delta" :text "Five")
    (rlm-test-reply run :result (rlm-test-result "Five"))
    (should (equal (rlm-test-answer) "Five"))))

;;;; Words of Emacs

(ert-deftest rlm-user-test-hints-have-words-of-emacs ()
  (pcase-dolist
      (`(,text ,expected ,button)
       '(("choose another model with the setting `model`"
          "choose another model with :model of rlm-options" ":model")
         ("let it write programs: --protocol repl"
          "let it write programs: :protocol of rlm-options repl" ":protocol")
         ("set a limit with --max-cost USD" "set a limit with :maxCost of rlm-options"
          ":maxCost")
         ("set RLM_PRICE=\"slow=INPUT/OUTPUT\", in US dollars"
          "set :price of rlm-options to ((\"slow\" INPUT OUTPUT)), in US dollars"
          ":price")
         ("`rlm doctor` checks the sandbox" "M-x rlm-doctor checks the sandbox"
          "rlm-doctor")
         ("set ANTHROPIC_API_KEY" "set ANTHROPIC_API_KEY" "ANTHROPIC_API_KEY")
         ("nothing -- of -x" "nothing -- of -x" nil)))
    (with-temp-buffer
      (rlm-hints-insert text)
      (should (equal (buffer-string) expected))
      (goto-char (point-min))
      (if button
          (should (button-at (1- (search-forward button))))
        (should-not (next-button (point-min) t))))))

(ert-deftest rlm-user-test-a-missing-key-is-given-from-the-failure ()
  (rlm-test-in-answer (run nil)
    (rlm-test-reply run :error '(:code -32803 :message "m needs an API key"
                                 :data (:hint "set ANTHROPIC_API_KEY, or choose \
another model with the setting `model`")))
    (goto-char (point-min))
    (search-forward "ANTHROPIC")
    (let (asked)
      (cl-letf (((symbol-function 'rlm-set-key)
                 (lambda (variable) (setq asked variable))))
        (push-button))
      (should (equal asked "ANTHROPIC_API_KEY")))))

(ert-deftest rlm-user-test-server-checks-its-set-up ()
  (rlm-test-with-server nil
    (rlm-doctor)
    (with-current-buffer "*rlm doctor*"
      (rlm-test-wait-for (lambda () (string-match-p "provider::model" (buffer-string))))
      (should (derived-mode-p 'special-mode)))))

;;;; Keys

(defmacro rlm-user-test-with-keys (&rest body)
  "Evaluate BODY with sources of keys of its own; `netrc' is its file."
  (declare (debug t))
  `(let* ((netrc (make-temp-file "rlm-test-authinfo"))
          (auth-sources (list netrc))
          (auth-source-do-cache t)
          (auth-source-save-behavior t)
          (custom-file nil)
          (user-init-file nil)
          (rlm-environment nil)
          (rlm-keys--given nil))
     (unwind-protect (progn (auth-source-forget-all-cached) ,@body)
       (auth-source-forget-all-cached)
       (delete-file netrc))))

(ert-deftest rlm-user-test-keys-come-from-where-they-are-kept ()
  (rlm-user-test-with-keys
   (with-temp-file netrc
     (insert "machine api.anthropic.com login apikey password s3cret\n"))
   (setq rlm-environment
         `(("ANTHROPIC_API_KEY" :host "api.anthropic.com" :user "apikey")
           ("A" . "text") ("B" . ,(lambda () "called"))))
   (should (equal (rlm-keys-environment)
                  '("ANTHROPIC_API_KEY=s3cret" "A=text" "B=called")))
   (should (risky-local-variable-p 'rlm-environment))
   (dolist (value (list '(:host "nowhere.invalid") (lambda () nil)))
     (setq rlm-environment (list (cons "C" value)))
     (should (string-match-p "has no value for C"
                             (cadr (should-error (rlm-keys-environment)
                                                 :type 'user-error)))))))

(ert-deftest rlm-user-test-a-key-is-asked-for-and-saved ()
  (rlm-user-test-with-keys
   ;; What was looked for in vain is looked for again.
   (should-not (rlm-keys--secret '(:host "api.openai.com" :user "apikey")))
   (cl-letf (((symbol-function 'read-passwd) (lambda (&rest _) "s3cret"))
             ((symbol-function 'y-or-n-p) (lambda (_) t)))
     (rlm-set-key "OPENAI_API_KEY"))
   (should (member "OPENAI_API_KEY=s3cret" (rlm-keys-environment)))
   ;; In another session it is found.
   (setq rlm-keys--given nil)
   (should (equal (rlm-keys-environment) '("OPENAI_API_KEY=s3cret")))
   (should (equal rlm-environment
                  '(("OPENAI_API_KEY" :host "api.openai.com" :user "apikey"))))))

(ert-deftest rlm-user-test-server-has-a-key-from-the-next-question-on ()
  (rlm-user-test-with-keys
   (rlm-test-with-server '(("a.txt" . "one\n"))
     (let* ((model (make-temp-file "rlm-test" nil ".sh"
                                   "cat >/dev/null\necho \"The key is $MINE.\"\n"))
            (process-environment (append '("RLM_CLI_ENV=MINE" "MINE")
                                         process-environment))
            (rlm-options (list :model (concat "cli:sh " model) :strategy "direct")))
       (unwind-protect
           (let (process)
             (with-current-buffer (rlm-test-ask "Why?")
               (should (string-prefix-p "The key is ." (rlm--answer-text))))
             (setq process (rlm--server-process rlm--server)
                   rlm-environment '(("MINE" . "s3cret")))
             (with-current-buffer (rlm-test-ask "Why?")
               (should (string-prefix-p "The key is s3cret." (rlm--answer-text))))
             (should-not (process-live-p process))
             (setq process (rlm--server-process rlm--server))
             (rlm-test-ask "Why?")
             (should (eq process (rlm--server-process rlm--server)))
             ;; Nothing that is going on is stopped for that.
             (setq rlm-environment nil)
             (let ((rlm--busy-functions '(always-busy)))
               (cl-letf (((symbol-function 'always-busy) (lambda () t)))
                 (rlm-test-ask "Why?")))
             (should (eq process (rlm--server-process rlm--server))))
         (delete-file model))))))

;;;; Where one is, and what is asked about

(ert-deftest rlm-user-test-asking-does-not-take-the-focus ()
  (rlm-test-asking '(("a.rs" . "one\n"))
    (find-file "a.rs")
    (let ((here (selected-window))
          (answer (rlm-query "Why?")))
      (should (eq (selected-window) here))
      (should (get-buffer-window answer))
      ;; In an answer, one goes on reading answers.
      (pop-to-buffer answer)
      (rlm-test-reply rlm--run :result (rlm-test-result "a"))
      (rlm-follow-up "And?")
      (should (equal (buffer-name (window-buffer)) "*rlm: And?*"))
      (switch-to-buffer "a.rs")
      (let ((rlm-select-answer t))
        (should (eq (rlm-query "Why?") (window-buffer)))))))

(ert-deftest rlm-user-test-an-active-region-is-what-is-asked-about ()
  (rlm-test-asking '(("a.rs" . "one\ntwo\n"))
    (find-file "a.rs")
    (transient-mark-mode 1)
    (set-mark 5)
    (goto-char 8)
    (activate-mark)
    (cl-letf (((symbol-function 'rlm--check-command) #'ignore)
              ((symbol-function 'read-from-minibuffer)
               (lambda (prompt _initial _map _read history default)
                 (should (equal prompt "Ask about a.rs:2: "))
                 (should (eq history 'rlm-query-history))
                 (should (equal default "What is `two`, and who uses it?"))
                 "Why?")))
      (call-interactively #'rlm-query)
      (should (equal (plist-get (plist-get (car (rlm-test-sent-as 'rlm/query)) :scope)
                                :kind)
                     "selection"))
      (deactivate-mark)
      (cl-letf (((symbol-function 'read-from-minibuffer) (lambda (&rest _) "Why?")))
        (call-interactively #'rlm-query))
      (should (equal (plist-get (cadr (rlm-test-sent-as 'rlm/query)) :scope)
                     '(:kind "workspace"))))))

(ert-deftest rlm-user-test-a-buffer-without-a-file-is-sent-with-its-question ()
  (rlm-test-asking nil
    (let ((buffer (get-buffer-create "*compile log*")))
      (with-current-buffer buffer
        (insert "one\ntwo\n")
        (rlm-query-buffer "Why?")
        (rlm-query-region 5 8 "Why?"))
      (let ((uri "untitled:compile-log"))
        (should (equal (mapcar #'car (rlm-test-sent))
                       '(textDocument/didOpen rlm/query textDocument/didClose
                         textDocument/didOpen rlm/query textDocument/didClose)))
        (should (equal (car (rlm-test-sent-as 'textDocument/didOpen))
                       `(:textDocument (:uri ,uri :version 0 :languageId "text"
                                        :text "one\ntwo\n"))))
        (should (equal (mapcar (lambda (it) (plist-get it :scope))
                               (rlm-test-sent-as 'rlm/query))
                       `((:kind "file" :uri ,uri)
                         (:kind "selection" :uri ,uri
                          :range (:start (:line 1 :character 0)
                                  :end (:line 1 :character 3)))))))
      (kill-buffer buffer)
      (with-current-buffer (car (rlm--answers))
        (rlm-test-reply rlm--run :result (rlm-test-result "a"))
        (should (string-match-p
                 "was killed" (cadr (should-error (rlm-follow-up "And?")
                                                  :type 'user-error))))))))

(ert-deftest rlm-user-test-server-answers-about-a-buffer-without-a-file ()
  (rlm-test-with-server '(("a.txt" . "nothing of that\n"))
    (let ((log (get-buffer-create "*compilation*")))
      (with-current-buffer log
        (dotimes (n 40) (insert (format "compiling part %d\n" n)))
        (insert "error: the zanzibar flange is loose\n"))
      (let ((answer (with-current-buffer log
                      (save-current-buffer
                        (rlm-query-buffer "What is said of the zanzibar flange?")))))
        (rlm-test-await answer)
        (with-current-buffer answer
          (should (eq (rlm--run-state rlm--run) 'done))
          (should (string-match-p "flange is loose" (rlm--answer-text)))
          (let ((target (cadr (car (rlm-test-buttons)))))
            (should (equal (car target) "compilation"))
            (rlm-test-push target)
            (should (eq (window-buffer) log))
            (with-current-buffer log
              (should (= (line-number-at-pos (window-point))
                         (nth 1 target))))))))))

(ert-deftest rlm-user-test-reviews-and-changes-are-about-files ()
  (rlm-test-asking nil
    (with-temp-buffer
      (insert "text")
      (should-error (rlm-review-region 1 3) :type 'user-error)
      (transient-mark-mode 1)
      (set-mark 1)
      (activate-mark)
      (should-error (call-interactively #'rlm-edit) :type 'user-error))
    (should-not rlm--server)))

(ert-deftest rlm-user-test-what-is-at-point-is-explained ()
  (rlm-test-asking '(("a.el" . "(defun two ())\n(three)\n"))
    (find-file "a.el")
    (let (questions)
      (cl-letf (((symbol-function 'rlm--check-command) #'ignore)
                ((symbol-function 'read-from-minibuffer)
                 (lambda (_prompt initial &rest _)
                   (push initial questions)
                   initial))
                ((symbol-function 'flymake-diagnostics)
                 (lambda (&rest _) (and (= (line-number-at-pos) 2) '(it))))
                ((symbol-function 'flymake-diagnostic-text)
                 (lambda (_) "three is not known")))
        (search-forward "two")
        (rlm-explain)
        (forward-line 1)
        (let ((flymake-mode t))
          (rlm-explain))
        (goto-char (point-max))
        (should-error (rlm-explain) :type 'user-error))
      (should (equal questions
                     '("Why is this reported, and how can it be mended: three is not known"
                       "What is `two`, and who uses it?")))
      (should (equal (mapcar (lambda (it) (plist-get (plist-get it :scope) :kind))
                             (rlm-test-sent-as 'rlm/query))
                     '("workspace" "selection"))))))

;;;; Reading

(ert-deftest rlm-user-test-next-error-goes-through-citations ()
  (rlm-test-in-answer (run '(("a.rs" . "1\n2\n3\n4\n")))
    (rlm-test-event run "delta" :text "a.rs:2, a.rs:2 and a.rs:4")
    (rlm-test-reply run :result (rlm-test-result "a.rs:2, a.rs:2 and a.rs:4"))
    (pop-to-buffer (current-buffer))
    (let ((answer (current-buffer))
          (line (lambda ()
                  (with-current-buffer "a.rs" (line-number-at-pos (window-point))))))
      (next-error 1 t)
      (should (= (funcall line) 2))
      (next-error)
      (should (= (funcall line) 4))
      (should-error (next-error) :type 'user-error)
      (previous-error)
      (should (= (funcall line) 2))
      ;; The command of M-, has another name since Emacs 29.
      (call-interactively (lookup-key global-map (kbd "M-,")))
      (should (eq (window-buffer) answer)))))

(ert-deftest rlm-user-test-imenu-has-the-headings ()
  (rlm-test-in-answer (run nil)
    (rlm-test-event run "delta" :text "# One\n```\n# no\n```\n## Two ##\ntext\n")
    (should (equal (mapcar #'car (funcall imenu-create-index-function))
                   '("One" "Two")))))

(ert-deftest rlm-user-test-a-citation-widens-only-if-it-must ()
  (rlm-test-in-answer (run '(("a.rs" . "1\n2\n3\n4\n5\n6\n")))
    (rlm-test-event run "delta" :text "see a.rs:3 and a.rs:5-6")
    (with-current-buffer (find-file-noselect "a.rs")
      (narrow-to-region 3 9))
    (pcase-dolist (`(,target ,line ,narrowed)
                   '((("a.rs" 3 3) 3 t) (("a.rs" 5 6) 5 nil)))
      (save-current-buffer (rlm-test-push target))
      (with-current-buffer "a.rs"
        (goto-char (window-point))
        (should (= (line-number-at-pos nil t) line))
        (should (eq (buffer-narrowed-p) narrowed))))))

(ert-deftest rlm-user-test-functions-are-told-of-the-end ()
  (rlm-test-asking nil
    (let* (told
           (debug-on-error nil)
           (rlm-answer-functions
            (list (lambda (state answer)
                    (push (list state answer (derived-mode-p 'rlm-answer-mode))
                          told))
                  (lambda (&rest _) (error "Never mind"))))
           (run (buffer-local-value 'rlm--run (rlm-query "Why?"))))
      (rlm-test-reply run :result (rlm-test-result "So."))
      (should (equal told '((done "So." rlm-answer-mode))))
      (should-not rlm--runs))))

;;;; Complaints

(defvar project-current-directory-override)

(ert-deftest rlm-user-test-a-project-that-is-switched-to-is-asked-about ()
  (rlm-test-asking '(("other/a.rs" . ""))
    (let ((other (expand-file-name "other/")))
      (let ((default-directory other))
        (call-process "git" nil nil nil "init" "--quiet"))
      (should (equal (rlm--scope-root (rlm--project-scope)) root))
      (let ((project-current-directory-override other))
        (should (equal (rlm--scope-root (rlm--project-scope)) other))))))

(ert-deftest rlm-user-test-answers-of-a-thread-lead-back-and-forth ()
  (rlm-test-in-answer (run nil)
    (rlm-test-reply run :result (rlm-test-result "One."))
    (let* ((first (current-buffer))
           (second (save-current-buffer (rlm-follow-up "And?"))))
      (should (string-match-p "One\\.\n\nFollowed by “And\\?”\n\\'" (buffer-string)))
      (with-current-buffer second
        (rlm-test-reply rlm--run :result (rlm-test-result "Two."))
        ;; Asked again, it has its button already.
        (revert-buffer)
        (rlm-test-reply rlm--run :result (rlm-test-result "Two.")))
      (should (= 2 (length (split-string (buffer-string) "Followed by"))))
      (goto-char (point-max))
      (backward-button 1)
      (push-button)
      (should (eq (window-buffer) second))
      (with-current-buffer second
        (goto-char (point-min))
        (forward-button 1)
        (push-button))
      (should (eq (window-buffer) first)))))

(ert-deftest rlm-user-test-addresses-and-marks-of-markdown-are-rendered ()
  (rlm-test-in-answer (run nil)
    (rlm-test-event run "delta" :text "\
See [the page](https://a.example/b_c?d=e), and https://f.example/g.
An _odd_ one, __two__, ~~three~~; src/__init__.py, a_b_c and 2_000_.
Then `rlm models` tells.
")
    (let (visited)
      (cl-letf (((symbol-function 'browse-url) (lambda (url &rest _) (push url visited)))
                ((symbol-function 'rlm-doctor)
                 (lambda () (interactive) (push 'doctor visited))))
        (goto-char rlm--answer-start)
        (dotimes (_ 3)
          (forward-button 1)
          (push-button)))
      (should (equal visited '(doctor "https://f.example/g"
                                      "https://a.example/b_c?d=e"))))
    (should (memq 'italic (rlm-test-faces "odd")))
    (should (memq 'italic (rlm-test-faces "two")))
    (should (memq 'rlm-struck (rlm-test-faces "three")))
    (dolist (plain '("init" "b_c and" "000"))
      (should-not (rlm-test-faces plain)))))

(ert-deftest rlm-user-test-what-is-read-and-left-out-stands-in-the-answer ()
  (rlm-test-in-answer (run nil)
    (rlm-test-event run "started" :model "m" :why "because" :query "q"
                    :context '(:files 14 :skipped 2
                               :skippedFor [(:reason "ignored" :count 2)]))
    (rlm-test-event run "delta" :text "So.")
    (should (string-match-p "\nabout .* · 14 files, 2 left out (2 ignored)\n\nSo\\.\\'"
                            (buffer-string)))))

(ert-deftest rlm-user-test-what-costs-is-not-cancelled-by-the-way ()
  (rlm-test-in-answer (run nil)
    (rlm-test-event run "progress" :message "x" :costUsd 0.25)
    (let (asked)
      (cl-letf (((symbol-function 'y-or-n-p)
                 (lambda (prompt) (push prompt asked) nil)))
        (should-not (kill-buffer))
        (should (equal asked '("This query has cost $0.2500; cancel it? ")))
        (rlm-test-reply run :result (rlm-test-result "a"))
        (should (kill-buffer))
        (should-not (cdr asked))))))

(ert-deftest rlm-user-test-a-preview-is-made-anew-and-asked ()
  (rlm-test-asking nil
    (rlm-preview "Why?")
    (rlm-test-receive :id (nth 2 (assq 'rlm/preview (rlm-test-sent)))
                      :result '(:text "model m" :warnings []))
    (with-current-buffer "*rlm preview*"
      (revert-buffer)
      (should (= 2 (length (rlm-test-sent-as 'rlm/preview))))
      (goto-char (point-min))
      (forward-button 1)
      (push-button))
    (should (equal (plist-get (car (rlm-test-sent-as 'rlm/query)) :query) "Why?"))))

(ert-deftest rlm-user-test-marked-files-are-asked-about ()
  (rlm-test-asking '(("a.rs" . "") ("b/c.rs" . "") ("d.rs" . ""))
    (with-current-buffer (dired-noselect root)
      (dolist (name '("a.rs" "b"))
        (dired-goto-file (expand-file-name name root))
        (dired-mark 1))
      (cl-letf (((symbol-function 'rlm--check-command) #'ignore)
                ((symbol-function 'read-from-minibuffer)
                 (lambda (prompt &rest _)
                   (should (equal prompt "Ask about a.rs, b: "))
                   "Why?")))
        (call-interactively #'rlm-query-files)))
    (should (equal (plist-get (car (rlm-test-sent-as 'rlm/query)) :scope)
                   `(:kind "paths"
                     :paths [,(rlm--path-to-uri (expand-file-name "a.rs" root))
                             ,(rlm--path-to-uri (expand-file-name "b" root))])))
    (with-temp-buffer
      (should-error (call-interactively #'rlm-query-files) :type 'user-error))))

(ert-deftest rlm-user-test-the-status-tells-what-is-running ()
  (rlm-test-asking nil
    (rlm-query "Why?")
    (rlm-status)
    (let (said)
      (cl-letf (((symbol-function 'message)
                 (lambda (format &rest arguments)
                   (setq said (apply #'format format arguments)))))
        (rlm-test-receive :id (nth 2 (assq 'rlm/status (rlm-test-sent)))
                          :result '(:version "1" :model "m" :why "so" :usage nil
                                    :runs [(:queryId "q" :query "Why?" :seconds 75)])))
      (should (equal said "rlm 1: m (so); no calls yet; running for 1m15s: “Why?”")))))

;;;; Small things

(ert-deftest rlm-user-test-the-reason-of-a-failed-start-is-said-last ()
  (pcase-dolist (`(,command ,expected)
                 '((("sh" "-c" "head -c 1 >/dev/null; echo no good >&2; exit 9")
                    "rlm: The server ended (exit status 9): no good")
                   ;; It sends the request back, and then our refusal of it.
                   (("cat")
                    "rlm: The server did not start: initialize is not supported")))
    (rlm-test-in-project nil
      (let ((rlm-command command)
            said)
        (cl-letf (((symbol-function 'message)
                   (lambda (format &rest arguments)
                     (push (apply #'format format arguments) said))))
          (with-current-buffer (rlm-query "Why?")
            (rlm-test-await (current-buffer)))
          (rlm-test-wait-for (lambda () (equal (car said) expected))))))))

(ert-deftest rlm-user-test-a-large-text-is-said-to-be-sent ()
  (rlm-test-asking '(("a.rs" . "one\n"))
    (let (said)
      (with-current-buffer (find-file-noselect "a.rs")
        (insert (make-string rlm--large-buffer ?x)))
      (cl-letf (((symbol-function 'message)
                 (lambda (format &rest arguments)
                   (push (apply #'format format arguments) said))))
        (rlm-query "Why?"))
      (should (member "Sending the unsaved text of a.rs..." said)))))

(ert-deftest rlm-user-test-a-command-that-is-wrong-is-told-before-the-question ()
  (cl-letf (((symbol-function 'read-from-minibuffer)
             (lambda (&rest _) (ert-fail "asked first"))))
    (pcase-dolist (`(,command . ,expected)
                   '(("/path/rlm" . "must be a list of strings")
                     (nil . "must be a list of strings")
                     (("rlm-no-such-program" "lsp") . "Cannot find")))
      (let* ((rlm-command command)
             (error (should-error (call-interactively #'rlm-query)
                                  :type 'user-error)))
        (should (string-match-p expected (cadr error)))))))

(ert-deftest rlm-user-test-server-without-an-argument-is-recognised ()
  (rlm-test-with-server nil
    (let ((rlm-command (list (car rlm-command))))
      (with-current-buffer (rlm-test-ask "Why?")
        (should (string-match-p "`rlm-command' lacks the argument \"lsp\""
                                (rlm-test-answer)))))))

(ert-deftest rlm-user-test-a-remote-folder-is-refused-before-a-file-is-asked-for ()
  (let ((default-directory "/ssh:nowhere.invalid:/x/"))
    (with-temp-buffer
      (cl-letf (((symbol-function 'read-file-name)
                 (lambda (&rest _) (ert-fail "asked first"))))
        (should-error (call-interactively #'rlm-query-file) :type 'user-error)))))

(ert-deftest rlm-user-test-commands-of-answers-say-where-they-belong ()
  (with-temp-buffer
    (dolist (command '(rlm-copy-answer rlm-transcript))
      (should (equal (cadr (should-error (call-interactively command)
                                         :type 'user-error))
                     "This buffer shows no answer")))
    (should-not (funcall (get 'rlm-copy-answer 'completion-predicate)
                         'rlm-copy-answer (current-buffer)))
    (rlm-answer-mode)
    (should-error (revert-buffer) :type 'user-error))
  (rlm-test-in-answer (run nil)
    (should run)
    (should (funcall (get 'rlm-copy-answer 'completion-predicate)
                     'rlm-copy-answer (current-buffer)))))

(ert-deftest rlm-user-test-a-header-without-a-model-has-no-gap ()
  (rlm-test-in-answer (run nil)
    (rlm-test-reply run :error `(:code -32803 :message "no" :data
                                 (:partial (:answer "" :model ""))))
    (should (string-match-p "\\` Failed [0-9]+s │ " (rlm--header-line)))))

(ert-deftest rlm-user-test-the-list-of-buffers-tells-projects-apart ()
  (rlm-test-in-answer (run nil)
    (should (equal list-buffers-directory (rlm--scope-root (rlm--run-scope run))))))

(ert-deftest rlm-user-test-options-can-be-customized ()
  (let ((type (get 'rlm-options 'custom-type)))
    (dolist (option (plist-get (cdr type) :options))
      (should (widget-apply (widget-convert (nth 1 option)) :match nil)))
    (should (widget-apply (widget-convert type) :match
                          '(:model "a" :maxCalls 3 :strategy "rlm" :worker nil)))))

(ert-deftest rlm-user-test-a-large-text-is-placed-quickly-and-rightly ()
  (with-temp-buffer
    (insert "öne\ntwo\n\nfour")
    (pcase-dolist (`(,position ,line ,character)
                   '((1 0 0) (3 0 2) (4 0 3) (5 1 0) (9 2 0) (10 3 0) (14 3 4)))
      (should (equal (rlm--lsp-position position)
                     (list :line line :character character))))
    (narrow-to-region 6 8)
    (should (equal (rlm--lsp-position 6) '(:line 1 :character 1)))))

(ert-deftest rlm-user-test-commands-have-a-map-and-menus ()
  (pcase-dolist (`(,key . ,command)
                 '(("q" . rlm-query) ("m" . rlm-query-files) ("x" . rlm-edit)))
    (should (eq (lookup-key rlm-command-map key) command)))
  (let ((commands (mapcar (lambda (it) (and (vectorp it) (aref it 1)))
                          rlm-commands--menu)))
    (should (= 1 (seq-count (lambda (it) (eq it 'rlm-edit)) commands))))
  (should (keymapp (symbol-function 'rlm-command-map)))
  (map-keymap (lambda (_key command) (should (commandp command))) rlm-command-map)
  (should (keymapp (lookup-key rlm-answer-mode-map [menu-bar answer])))
  (unwind-protect
      (progn
        (rlm-menu-mode 1)
        (should (lookup-key global-map [menu-bar tools RLM]))
        (should (assq 'rlm (rlm-commands--context-menu (make-sparse-keymap) nil))))
    (rlm-menu-mode -1))
  (should-not (lookup-key global-map [menu-bar tools RLM])))

;;;; What the server once did

(ert-deftest rlm-user-test-server-keeps-a-cancelled-answer-of-a-program ()
  (rlm-test-with-server '(("a.txt" . "one\n"))
    (let* ((model (make-temp-file
                   "rlm-test" nil ".sh"
                   "cat >/dev/null\nprintf '```repl\\nFINAL(\"\"\"# It begins\\n\\nwell, and \\n\\nso on'\nsleep 600\n"))
           (rlm-options (list :model (concat "cli:sh " model) :strategy "rlm")))
      (unwind-protect
          (with-current-buffer (rlm-query "Why?")
            (rlm-test-wait-for (lambda ()
                                 (string-prefix-p "# It begins" (rlm--answer-text))))
            (rlm-cancel)
            (rlm-test-await (current-buffer))
            (should (string-prefix-p "# It begins" (rlm--answer-text)))
            (should (string-match-p "This answer was cut off\\." (rlm-test-answer))))
        (delete-file model)))))

(ert-deftest rlm-user-test-server-keeps-variables-that-are-bound-anew ()
  (rlm-test-with-server '(("a.txt" . "one\n"))
    (let* ((model (make-temp-file "rlm-test" nil ".sh" "\
cat >/dev/null
cat <<'END'
```repl
try:
    count = count + 1
except NameError:
    count = 1
FINAL(f\"count {count}\")
```
END
"))
           (rlm-options (list :model (concat "cli:sh " model) :strategy "rlm")))
      (unwind-protect
          (with-current-buffer (rlm-test-ask "First?")
            (should (equal (rlm-test-declared) "count 1"))
            (dolist (expected '("count 2" "count 3" "count 4"))
              (should (equal (rlm-test-asked-further expected) expected))))
        (delete-file model)))))

(ert-deftest rlm-user-test-server-leaves-what-emacs-keeps-beside-a-file ()
  (rlm-test-with-nothing-configured
      '(("a.txt" . "The zanzibar flange is here.\n")
        ("#a.txt#" . "The zanzibar flange was there.\n")
        ("a.txt~" . "The zanzibar flange was elsewhere.\n")
        (".a.txt.swp" . "The zanzibar flange is swapped.\n"))
    (make-symbolic-link "nobody@nowhere.1:1" ".#a.txt")
    (with-current-buffer (rlm-test-ask "Where is the zanzibar flange?")
      (should (eq (rlm--run-state rlm--run) 'done))
      (should (equal (delete-dups (mapcar (lambda (it) (car (cadr it)))
                                          (rlm-test-buttons)))
                     '("a.txt")))
      (should-not (string-match-p "flange was\\|swapped" (rlm--answer-text))))))

(provide 'rlm-user-test)
;;; rlm-user-test.el ends here
