; Definitions of shells.
(function_definition name: (_) @name) @definition.function
