;;; rlm-edit-test.el --- Tests of rlm-edit.el  -*- lexical-binding: t; -*-

;;; Commentary:

;; These ask the program named by the environment variable RLM_SERVER, with a
;; program as a model that writes two changes.  Run by tests/emacs/run.

;;; Code:

(require 'rlm-test)
(require 'rlm-edit)
(require 'rlm-review)

(defconst rlm-edit-test-text
  "def mean(items):\n    return sum(items) / len(items)\n\n
def spread(items):\n    return max(items) - min(items)\n")

(defconst rlm-edit-test-files
  `(("mean.py" . ,rlm-edit-test-text)
    (".model/reply" . "Empty lists have a mean and a spread of zero.

mean.py
<<<<<<< SEARCH
    return sum(items) / len(items)
=======
    return sum(items) / len(items) if items else 0
>>>>>>> REPLACE
<<<<<<< SEARCH
    return max(items) - min(items)
=======
    return max(items) - min(items) if items else 0
>>>>>>> REPLACE
"))
  "A repository, and what the model writes.")

(defmacro rlm-edit-test-editing (&rest body)
  "Have a change of mean.py proposed, and evaluate BODY in its buffer.
The variable `file' is bound to the buffer of the file."
  (declare (debug t))
  `(rlm-test-with-server rlm-edit-test-files
     (let* ((rlm-options `(:model ,(format "cli:cat %s"
                                           (expand-file-name ".model/reply"))))
            (file (find-file-noselect "mean.py"))
            proposal)
       (with-current-buffer file
         (buffer-enable-undo)
         (setq proposal (rlm-edit "Take care of empty lists."
                                  (rlm-edit--scope))))
       (rlm-edit-test-await proposal)
       ,@body)))

(defun rlm-edit-test-await (proposal)
  "Wait for what is proposed in the buffer PROPOSAL, and select it."
  (let ((run (buffer-local-value 'rlm-edit--run proposal)))
    (rlm-test-wait-for (lambda ()
                         (not (eq (rlm-edit--run-state run) 'running)))))
  (pop-to-buffer proposal))

(defun rlm-edit-test-text (buffer)
  "Return the text of BUFFER."
  (with-current-buffer buffer (buffer-string)))

(ert-deftest rlm-edit-makes-one-change-of-two-and-one-undo-takes-it-back ()
  (rlm-edit-test-editing
   (should (looking-at "Change 1 of 2, mean.py$"))
   (should (string-match-p "Empty lists have a mean.*\n\nChange 1"
                           (buffer-string)))
   (should (string-match-p "^-    return max.*\n\\+    return max.* if items else 0$"
                           (buffer-string)))
   (should (equal (rlm-edit-test-text file) rlm-edit-test-text))
   (rlm-edit-next)
   (should (looking-at "Change 2 of 2"))
   (rlm-edit-accept)
   (should (string-match-p "Change 2 of 2, mean.py: made, and not saved$"
                           (buffer-string)))
   (should (string-match-p "max(items) - min(items) if items"
                           (rlm-edit-test-text file)))
   (should-not (string-match-p "len(items) if items" (rlm-edit-test-text file)))
   (should (buffer-modified-p file))
   (with-current-buffer file
     (primitive-undo 1 (if (car buffer-undo-list) buffer-undo-list
                         (cdr buffer-undo-list)))
     (should (equal (buffer-string) rlm-edit-test-text)))
   (should (equal rlm-edit-test-text
                  (with-temp-buffer (insert-file-contents "mean.py")
                                    (buffer-string))))))

(ert-deftest rlm-edit-finds-the-lines-where-they-are-then ()
  (rlm-edit-test-editing
   (with-current-buffer file
     (goto-char (point-min))
     (insert "# \U0001F600 typed meanwhile\n\n"))
   (rlm-edit-reject)
   (should (looking-at "Change 2 of 2"))
   (rlm-edit-accept-all)
   (should (string-match-p "Change 1 of 2, mean.py: rejected$" (buffer-string)))
   (should (equal (rlm-edit-test-text file)
                  (concat "# \U0001F600 typed meanwhile\n\n"
                          (string-remove-suffix "\n" rlm-edit-test-text)
                          " if items else 0\n")))
   (should-error (rlm-edit-accept-all) :type 'user-error)))

(ert-deftest rlm-edit-refuses-what-fits-no-more ()
  (rlm-edit-test-editing
   (with-current-buffer file
     (goto-char (point-min))
     (search-forward "len")
     (insert "gth"))
   (let ((before (rlm-edit-test-text file)))
     (should (string-match-p
              "does not fit the text as it is now"
              (error-message-string
               (should-error (rlm-edit-accept) :type 'user-error))))
     (should (equal (rlm-edit-test-text file) before)))
   ;; Nobody has asked for it.
   (should (eq :json-false
               (plist-get (rlm--on-request nil 'workspace/applyEdit '(:edit nil))
                          :applied)))))

(ert-deftest rlm-edit-says-what-a-model-is-needed-for ()
  (rlm-test-with-server rlm-edit-test-files
    (let ((proposal (rlm-edit "Take care of empty lists."
                              (rlm--file-scope "mean.py"))))
      (rlm-edit-test-await proposal)
      (should (string-match-p "needs a model that writes" (buffer-string)))
      (should (string-match-p "ANTHROPIC_API_KEY" (buffer-string)))
      (should-error (rlm-edit-accept) :type 'user-error))))

(ert-deftest rlm-edit-makes-files ()
  (rlm-test-with-server
      '(("mean.py" . "x = 1\n")
        (".model/reply" . "test_mean.py
<<<<<<< SEARCH
=======
import mean
>>>>>>> REPLACE
"))
    (let* ((rlm-options `(:model ,(format "cli:cat %s"
                                          (expand-file-name ".model/reply"))))
           (proposal (rlm-edit "Write a test." (rlm--file-scope "mean.py"))))
      (rlm-edit-test-await proposal)
      (should (looking-at "Change 1 of 1, test_mean.py$"))
      (rlm-edit-accept)
      (should-not (file-exists-p "test_mean.py"))
      (should (equal (rlm-edit-test-text (find-buffer-visiting "test_mean.py"))
                     "import mean\n")))))

(ert-deftest rlm-edit-makes-a-change-everywhere ()
  (rlm-test-with-server
      '(("mean.py" . "def mean(items):\n    return sum(items) / len(items)\n")
        ("other.py" . "def other(rows):\n    return sum(rows) / len(rows)\n")
        ("third.py" . "def third(rows, n):\n    return sum(rows) * len(rows)\n"))
    (let ((file (find-file-noselect "mean.py"))
          proposal again)
      (with-current-buffer file
        (goto-char (point-min))
        (search-forward "len(items)")
        (insert " if items else 0")
        (setq proposal (rlm-edit-everywhere
                        (rlm--region-scope (line-beginning-position)
                                           (line-end-position)))))
      (rlm-edit-test-await proposal)
      (should (looking-at "Change 1 of 1, other.py$"))
      (should (string-match-p "^Not changed: third.py:2: return sum"
                              (buffer-string)))
      (setq again (rlm-edit-everywhere-like-this))
      (rlm-edit-test-await again)
      (should (string-match-p "^Change 1 of 1, other.py$" (buffer-string)))
      (switch-to-buffer proposal)
      (rlm-edit-accept)
      (should (equal (rlm-edit-test-text (find-buffer-visiting "other.py"))
                     (concat "def other(rows):\n    return sum(rows) / "
                             "len(rows) if rows else 0\n"))))))

(ert-deftest rlm-edit-tells-what-the-project-says ()
  (with-temp-buffer
    (rlm-edit--insert-check '(:sentence "`make` passes" :state "passed"
                              :output ""))
    (rlm-edit--insert-check '(:sentence "`make` fails" :state "failed"
                              :output "no rule"))
    (should (equal (buffer-string) "`make` passes.\n`make` fails.\nno rule\n"))))

(provide 'rlm-edit-test)
;;; rlm-edit-test.el ends here
