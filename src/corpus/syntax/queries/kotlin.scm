; Definitions of Kotlin.
(class_declaration "interface" name: (_) @name) @definition.interface
(class_declaration name: (_) @name (enum_class_body)) @definition.enum
(class_declaration name: (_) @name) @definition.class
(object_declaration name: (_) @name) @definition.object
(companion_object name: (_) @name) @definition.object
(function_declaration name: (_) @name) @definition.function
(type_alias type: (identifier) @name) @definition.type
