;;; rlm-cycle-test.el --- Tests of rlm-cycle.el  -*- lexical-binding: t; -*-

;;; Commentary:

;; These ask the program named by the environment variable RLM_SERVER, with the
;; built-in model, which proposes only what a finding knows how to mend.  Run
;; by tests/emacs/run.

;;; Code:

(require 'rlm-test)
(require 'rlm-cycle)

(defconst rlm-cycle-test-files
  '(("README.md" . "# Tea\n\nSee [the plan](doc/plan.md).\n")
    ("docs/plan.md" . "# Plan\n"))
  "A repository with a link that leads nowhere.")

(defun rlm-cycle-test-git (&rest arguments)
  "Return what git prints that is called with ARGUMENTS."
  (with-temp-buffer
    (should (eql 0 (apply #'call-process "git" nil t nil "-c" "user.name=Ann"
                          "-c" "user.email=ann@example.org" arguments)))
    (buffer-string)))

(defun rlm-cycle-test-run (root answers)
  "Run a cycle about ROOT; give the ANSWERS, of which the last one stays.
Return its report, and what was asked."
  (let (asked)
    (cl-letf (((symbol-function 'y-or-n-p)
               (lambda (prompt)
                 (push prompt asked)
                 (if (cdr answers) (pop answers) (car answers)))))
      (let* ((buffer (with-temp-buffer
                       (setq default-directory root)
                       (rlm-cycle '("true"))))
             (run (buffer-local-value 'rlm-cycle--run buffer)))
        (rlm-test-wait-for (lambda () (not (rlm-job-running-p run))))
        (when (rlm-cycle--run-report run)
          (rlm-test-wait-for (lambda () (cdr asked))))
        (with-current-buffer buffer
          (prog1 (list (buffer-string) (nreverse asked))
            (kill-buffer)))))))

(ert-deftest rlm-cycle-test-a-patch-is-tried-shown-and-taken-by-a-yes ()
  (rlm-test-with-server rlm-cycle-test-files
    (rlm-cycle-test-git "add" "-A")
    (rlm-cycle-test-git "commit" "-q" "-m" "begin")
    (rlm-cycle-test-git "config" "user.name" "Ann")
    (rlm-cycle-test-git "config" "user.email" "ann@example.org")
    ;; Nothing runs without a yes.
    (pcase-let ((`(,text ,asked) (rlm-cycle-test-run root '(nil))))
      (should (string-match-p "`true`" (car asked)))
      (should (string-match-p "nobody has agreed" text)))
    ;; Nothing is taken without one.
    (pcase-let ((`(,text ,asked) (rlm-cycle-test-run root '(t nil))))
      (should (string-prefix-p "# Cycle" text))
      (should (string-match-p "^\\+See \\[the plan\\](docs/plan.md)" text))
      (should (string-match-p "^Take 1, " (cadr asked))))
    (should (equal "" (rlm-cycle-test-git "branch" "--list" "dogfood/*")))))

(provide 'rlm-cycle-test)
;;; rlm-cycle-test.el ends here
