//! The kill matrix: which oracle convicts which mutant.
