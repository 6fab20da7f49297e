;;; rlm-review-test.el --- Tests of rlm-review.el  -*- lexical-binding: t; -*-

;;; Commentary:

;; These ask the program named by the environment variable RLM_SERVER, with the
;; built-in model, on a small repository.  Run by tests/emacs/run.

;;; Code:

(require 'rlm-test)
(require 'rlm-review)

(defconst rlm-review-test-files
  '(("README.md" . "# Tea

See [the plan](doc/plan.md).
And [the list](doc/list.md).
")
    ("docs/plan.md" . "# Plan\n")
    ("docs/list.md" . "# List\n"))
  "A repository with two links that lead nowhere.")

(defun rlm-review-test-await (buffer)
  "Wait for the review in BUFFER, and select its window."
  (let ((run (buffer-local-value 'rlm-review--run buffer)))
    (rlm-test-wait-for (lambda ()
                         (not (eq (rlm-review--run-state run) 'running)))))
  (pop-to-buffer buffer)
  (goto-char (point-min)))

(defmacro rlm-review-test-reviewing (&rest body)
  "Review the repository and evaluate BODY in the list."
  (declare (debug t))
  `(rlm-test-with-server rlm-review-test-files
     (let ((list (rlm-review)))
       (rlm-review-test-await list)
       ,@body)))

(defun rlm-review-test-marked (file)
  "Return the texts that are marked in FILE."
  (with-current-buffer (find-file-noselect file)
    (mapcar (lambda (mark)
              (buffer-substring-no-properties (overlay-start mark)
                                              (overlay-end mark)))
            (seq-filter (lambda (it) (overlay-get it 'rlm-finding))
                        (sort (overlays-in (point-min) (point-max))
                              (lambda (a b)
                                (< (overlay-start a) (overlay-start b))))))))

(ert-deftest rlm-review-lists-marks-and-visits ()
  (rlm-review-test-reviewing
   (should (looking-at "README.md:3: warning: The link to `doc/plan.md`"))
   (should (string-match-p "2 findings; read 3 files" (buffer-string)))
   (should (equal (rlm-review-test-marked "README.md")
                  '("See [the plan](doc/plan.md)."
                    "And [the list](doc/list.md).")))
   (rlm-review-next)
   (should (looking-at "README.md:4: warning"))
   (should-error (rlm-review-next) :type 'user-error)
   (rlm-review-visit)
   (should (looking-at "And \\[the list\\]"))
   ;; Marks move with edits, and go when their text changes.
   (goto-char (point-min))
   (insert "new line\n")
   (search-forward "the plan")
   (insert "!")
   (should (equal (rlm-review-test-marked "README.md")
                  '("And [the list](doc/list.md).")))
   (pop-to-buffer list)
   (goto-char (point-min))
   (rlm-review-next)
   (rlm-review-visit)
   (should (= (line-number-at-pos) 5))))

(ert-deftest rlm-review-fixes-what-was-shown-and-one-undo-takes-it-back ()
  (rlm-review-test-reviewing
   (let ((file (expand-file-name "README.md"))
         shown)
     (with-current-buffer (find-file-noselect file)
       (buffer-enable-undo))
     (cl-letf (((symbol-function 'yes-or-no-p)
                (lambda (_)
                  (setq shown (with-current-buffer "*rlm change*"
                                (buffer-string)))
                  nil)))
       (should-error (rlm-review-fix) :type 'user-error))
     (should (string-match-p "^-See .*doc/plan.md.*\n\\+See .*docs/plan.md" shown))
     (with-current-buffer (find-file-noselect file)
       (should-not (buffer-modified-p)))
     (pop-to-buffer list)
     (cl-letf (((symbol-function 'yes-or-no-p) (lambda (_) t)))
       (rlm-review-fix))
     (with-current-buffer (find-file-noselect file)
       (should (string-match-p "docs/plan.md" (buffer-string)))
       (should (buffer-modified-p))
       (primitive-undo 1 (if (car buffer-undo-list) buffer-undo-list
                           (cdr buffer-undo-list)))
       (should (string-match-p "doc/plan.md" (buffer-string)))))))

(ert-deftest rlm-review-dismisses-for-good ()
  (rlm-review-test-reviewing
   (should-error (rlm-review-dismiss " ") :type 'user-error)
   (rlm-review-dismiss "the build makes it")
   (should (looking-at "README.md:4"))
   (should (equal (rlm-review-test-marked "README.md")
                  '("And [the list](doc/list.md).")))
   (should (string-match-p "the build makes it"
                           (with-temp-buffer
                             (insert-file-contents ".rlm/dismissed.json")
                             (buffer-string))))
   ;; Another server knows it as well.
   (rlm-shutdown)
   (revert-buffer)
   (rlm-review-test-await list)
   (should (string-match-p "1 finding; read .*; 1 dismissed" (buffer-string)))))

(ert-deftest rlm-review-of-changes-tells-of-those-only ()
  (rlm-test-with-server rlm-review-test-files
    (dolist (arguments '(("add" ".")
                         ("-c" "user.name=a" "-c" "user.email=a@b.c"
                          "commit" "--quiet" "-m" "begin")))
      (should (zerop (apply #'call-process "git" nil nil nil arguments))))
    (with-temp-file "new.md" (insert "[gone](nowhere.md)\n"))
    (let ((list (rlm-review-changes)))
      (rlm-review-test-await list)
      (should (looking-at "new.md:1: warning"))
      (should (string-match-p "1 finding; read" (buffer-string))))
    (let ((list (rlm-review nil "no-such-commit...")))
      (rlm-review-test-await list)
      (should (string-match-p "no-such-commit" (buffer-string))))))

(ert-deftest rlm-review-is-made-anew-when-a-file-is-saved-if-wanted ()
  (rlm-review-test-reviewing
   (let ((file (find-file-noselect "README.md"))
         (run rlm-review--run))
     (with-current-buffer file
       (goto-char (point-max))
       (insert "And [a third](third.md).\n")
       (save-buffer))
     (should (eq (buffer-local-value 'rlm-review--run list) run))
     (let ((before (default-value 'rlm-options)))
       (unwind-protect
           (progn
             (setq-default rlm-options '(:model "extractive" :reviewOnSave t))
             (with-current-buffer file
               (goto-char (point-max))
               (insert "\n")
               (save-buffer))
             (rlm-review-test-await list)
             (should (string-match-p "3 findings; read" (buffer-string))))
         (setq-default rlm-options before))))))

(provide 'rlm-review-test)
;;; rlm-review-test.el ends here
