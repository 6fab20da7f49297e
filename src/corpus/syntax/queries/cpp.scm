; Definitions of C++ alone.
(class_specifier name: (_) @name body: (_)) @definition.class
(namespace_definition name: (_) @name) @definition.namespace
(concept_definition name: (_) @name) @definition.concept
(alias_declaration name: (_) @name) @definition.type
(field_declaration declarator: (function_declarator) @declarator) @definition.method
