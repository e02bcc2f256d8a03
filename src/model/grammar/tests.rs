//! Whole readings, as a person would see them: of single sentences, of every turn of the trials, and of any text at all.

mod cases;
mod properties;
mod sentences;
mod state;
mod talk;
