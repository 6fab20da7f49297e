; Definitions of Elixir, which are calls of macros. The clauses of a function become one.
(call
  target: (identifier) @keyword
  (arguments . (alias) @name)
  (#any-of? @keyword "defmodule" "defprotocol" "defimpl")) @definition.module
(call
  target: (identifier) @keyword
  (arguments
    .
    [
      (identifier) @name
      (call target: (identifier) @name)
      (binary_operator left: (call target: (identifier) @name) operator: "when")
    ])
  (#any-of? @keyword "def" "defp" "defdelegate" "defguard" "defguardp" "defn" "defnp")) @definition.function
(call
  target: (identifier) @keyword
  (arguments
    .
    [
      (identifier) @name
      (call target: (identifier) @name)
      (binary_operator left: (call target: (identifier) @name) operator: "when")
    ])
  (#any-of? @keyword "defmacro" "defmacrop")) @definition.macro
