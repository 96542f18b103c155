//! Reports, as people and machines receive them.

mod campaigns;
mod email;
mod html;
mod json;
mod junit;
mod sink;
mod text;
