; Definitions of Haskell. The clauses of a function, and its signature, become one.
(signature name: (_) @name) @definition.function
(function name: (_) @name) @definition.function
(bind name: (_) @name) @definition.function
(data_type name: (_) @name) @definition.type
(newtype name: (_) @name) @definition.type
(type_synonym name: (_) @name) @definition.type
(class name: (_) @name) @definition.class
(instance name: (_) @name) @definition.instance
