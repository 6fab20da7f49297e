;;; rlm-keys.el --- Keys of providers for the server, for rlm  -*- lexical-binding: t; -*-

;; Copyright (c) 2026 the rlm developers

;; Author: the rlm developers
;; URL: https://rlm.example
;; SPDX-License-Identifier: MIT

;; This file is not part of GNU Emacs; its licence is that of rlm.el.

;;; Commentary:

;; The server has the keys of providers from its environment.  That is the one of
;; Emacs, with the variables of `rlm-environment' and the keys that were given by
;; `rlm-set-key' laid over it:
;;
;;   (setq rlm-environment
;;         '(("ANTHROPIC_API_KEY" :host "api.anthropic.com" :user "apikey")
;;           ("RLM_API_KEY" . my-function)))
;;
;; No key is ever put into a message, a file of the project or an option.

;;; Code:

(require 'auth-source)
(require 'seq)
(require 'subr-x)

(defcustom rlm-environment nil
  "Variables that the server has beside the environment of Emacs.
An alist of their names and values.  A value is a string, a function
without arguments that returns one, or what `auth-source-search' is
to look for, such as (:host \"api.anthropic.com\" :user \"apikey\").
A change takes effect with the next question."
  :group 'rlm
  :type '(alist :key-type (string :tag "Variable")
                :value-type (choice (string :tag "Value")
                                    (function :tag "Function")
                                    (plist :tag "Entry of auth-source"))))

;; It can name a function to call, so a visited file must not set it.
(put 'rlm-environment 'risky-local-variable t)

(defconst rlm-keys--hosts
  '(("ANTHROPIC_API_KEY" . "api.anthropic.com")
    ("OPENAI_API_KEY" . "api.openai.com")
    ("GEMINI_API_KEY" . "generativelanguage.googleapis.com")
    ("OPENROUTER_API_KEY" . "openrouter.ai")
    ("DEEPSEEK_API_KEY" . "api.deepseek.com")
    ("GROQ_API_KEY" . "api.groq.com")
    ("XAI_API_KEY" . "api.x.ai")
    ("MISTRAL_API_KEY" . "api.mistral.ai")
    ("TOGETHER_API_KEY" . "api.together.xyz")
    ("FIREWORKS_API_KEY" . "api.fireworks.ai")
    ("RLM_API_KEY" . "rlm-endpoint"))
  "The variables that keys are in, and the hosts they are kept under.")

(defvar rlm-keys--given nil
  "The keys that were given in this session: an alist by variable.")

(defun rlm-keys-environment ()
  "Return what is laid over the environment: strings NAME=VALUE."
  (append
   (mapcar (lambda (it) (concat (car it) "=" (cdr it))) rlm-keys--given)
   (mapcar (lambda (it)
             (concat (car it) "=" (rlm-keys--value (car it) (cdr it))))
           rlm-environment)))

(defun rlm-keys--value (name value)
  "Return the text of the variable NAME whose VALUE is one of `rlm-environment'."
  (let ((text (cond ((stringp value) value)
                    ((functionp value) (funcall value))
                    (t (rlm-keys--secret value)))))
    (unless (stringp text)
      (user-error "`rlm-environment' has no value for %s: %s" name
                  (if (functionp value)
                      (format "`%s' returned no string" value)
                    (format "no entry of `auth-sources' fits %S" value))))
    text))

(defun rlm-keys--secret (entry)
  "Return the secret of ENTRY, keywords of `auth-source-search', or nil."
  (let* ((found (car (apply #'auth-source-search :max 1 :require '(:secret)
                            entry)))
         (secret (plist-get found :secret)))
    (if (functionp secret) (funcall secret) secret)))

;;;###autoload
(defun rlm-set-key (variable)
  "Ask for the key of a provider, and give it to the server as VARIABLE.
It counts from the next question on, and as long as Emacs runs.  If
you agree, `auth-source' saves it, and `rlm-environment' says where."
  (interactive
   (list (completing-read "Key to set: " rlm-keys--hosts nil nil nil nil
                          (caar rlm-keys--hosts))))
  (let ((key (read-passwd (format "%s: " variable)))
        (host (or (cdr (assoc variable rlm-keys--hosts)) variable)))
    (when (string-empty-p key)
      (user-error "No key was given"))
    (setf (alist-get variable rlm-keys--given nil nil #'equal) key)
    (when (y-or-n-p "Save it by auth-source for other sessions? ")
      (rlm-keys--save variable host key))
    (message "rlm: the next question uses this key")))

(defun rlm-keys--save (variable host key)
  "Save KEY for HOST, and that it is for VARIABLE."
  (let ((entry (list :host host :user "apikey")))
    (when-let ((save (plist-get
                      (car (apply #'auth-source-search :max 1 :create t
                                  :port "https" :secret key entry))
                      :save-function)))
      (funcall save))
    ;; What was looked for in vain, or had another key, is known no more.
    (auth-source-forget-all-cached)
    (let ((value (cons (cons variable entry)
                       (seq-remove (lambda (it) (equal (car it) variable))
                                   rlm-environment))))
      (if (or custom-file user-init-file)
          (customize-save-variable 'rlm-environment value)
        (customize-set-variable 'rlm-environment value)))))

(provide 'rlm-keys)
;;; rlm-keys.el ends here
