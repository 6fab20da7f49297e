; Definitions of Dart.
(class_declaration name: (_) @name) @definition.class
(mixin_declaration name: (_) @name) @definition.mixin
(extension_declaration name: (_) @name) @definition.extension
(enum_declaration name: (_) @name) @definition.enum
(type_alias . (type_identifier) @name) @definition.type
(function_declaration signature: (function_signature name: (_) @name)) @definition.function
(getter_declaration signature: (getter_signature name: (_) @name)) @definition.function
(setter_declaration signature: (setter_signature name: (_) @name)) @definition.function
(method_declaration signature: (method_signature (function_signature name: (_) @name))) @definition.method
(method_declaration signature: (method_signature (getter_signature name: (_) @name))) @definition.method
(method_declaration signature: (method_signature (setter_signature name: (_) @name))) @definition.method
(method_declaration signature: (method_signature (constructor_signature . name: (_) @name))) @definition.constructor
(declaration (function_signature name: (_) @name)) @definition.method
(declaration (constructor_signature . name: (_) @name)) @definition.constructor
(declaration (constant_constructor_signature . name: (_) @name)) @definition.constructor
