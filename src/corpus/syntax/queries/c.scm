; Definitions of C and of the part of C++ that is C. What is declared stands innermost in its declarator.
(function_definition declarator: (_) @declarator) @definition.function
(type_definition declarator: (_) @declarator) @definition.type
(struct_specifier name: (_) @name body: (_)) @definition.struct
(union_specifier name: (_) @name body: (_)) @definition.union
(enum_specifier name: (_) @name body: (_)) @definition.enum
(preproc_function_def name: (_) @name) @definition.macro
(preproc_def name: (_) @name) @definition.macro
