;;; rlm-text.el --- Texts of buffers without a file, for rlm  -*- lexical-binding: t; -*-

;; Copyright (c) 2026 the rlm developers

;; Author: the rlm developers
;; URL: https://rlm.example
;; SPDX-License-Identifier: MIT

;; This file is not part of GNU Emacs; its licence is that of rlm.el.

;;; Commentary:

;; A question can be about the text of a buffer that visits no file: a compilation,
;; a shell, a log.  The server gets it as a document that is open only while the
;; question is sent, and what the answer cites leads to the buffer.

;;; Code:

(require 'rlm)

(defun rlm-text-scope (&optional kind)
  "Return the scope of the text of the current buffer, which visits no file.
KIND is `file' or `selection'."
  (let* ((buffer (or (buffer-base-buffer) (current-buffer)))
         (name (string-trim (replace-regexp-in-string
                             "[^-._[:alnum:]]+" "-" (buffer-name buffer))
                            "-+" "-+")))
    (rlm--make-scope
     :kind (or kind 'file) :text buffer
     :name (if (string-empty-p name) "buffer" name)
     ;; The program is started here, and the answer is made here.
     :root (if (file-remote-p default-directory)
               (expand-file-name "~/")
             (rlm--project-root default-directory))
     :label (buffer-name buffer))))

(defun rlm-text-check (scope)
  "Signal an error if the text of SCOPE is gone with its buffer."
  (when (and (rlm--scope-text scope) (not (buffer-live-p (rlm--scope-text scope))))
    (user-error "The buffer %s was killed, and its text with it"
                (rlm--scope-label scope))))

(defun rlm-text-tell (server scope opens)
  "Open the document of SCOPE at SERVER if OPENS is non-nil, else close it.
That is done for texts without a file only.  A query sees what was
there when it arrived, so that nothing need be kept."
  (when-let ((buffer (rlm--scope-text scope)))
    (let ((document (list :uri (rlm--scope-uri scope))))
      (jsonrpc-notify
       (rlm--server-connection server)
       (if opens :textDocument/didOpen :textDocument/didClose)
       (list :textDocument
             (if opens
                 (append document
                         (list :version 0 :languageId "text"
                               :text (with-current-buffer buffer
                                       (rlm--buffer-text))))
               document))))))

(defun rlm-text-named (path)
  "Return the buffer that the current answer is about if PATH is its name."
  (let* ((scope (rlm--run-scope rlm--run))
         (text (rlm--scope-text scope)))
    (and (buffer-live-p text)
         (equal path (rlm--scope-name scope))
         text)))

(provide 'rlm-text)
;;; rlm-text.el ends here
