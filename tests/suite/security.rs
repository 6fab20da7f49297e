//! What may go wrong outside of the sandbox, area by area: what a security review and a first day of use have found.

mod firstday;
