//! temp
mod cell;
pub mod edge;
mod info;
mod spaces;
pub use cell::Cell;
pub use info::Info;
pub use spaces::{Spaces, Taken};
