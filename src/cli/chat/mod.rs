//! stub
mod editor;
mod slash;
