; Definitions of Rust. An implementation is named by its type, and by its trait if it has one.
(function_item name: (_) @name) @definition.function
(function_signature_item name: (_) @name) @definition.function
(struct_item name: (_) @name) @definition.struct
(enum_item name: (_) @name) @definition.enum
(union_item name: (_) @name) @definition.union
(trait_item name: (_) @name) @definition.trait
(mod_item name: (_) @name) @definition.module
(type_item name: (_) @name) @definition.type
(const_item name: (_) @name) @definition.const
(static_item name: (_) @name) @definition.static
(macro_definition name: (_) @name) @definition.macro
(impl_item type: (_) @name) @definition.impl
