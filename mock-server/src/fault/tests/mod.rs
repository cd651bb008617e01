mod armed;
mod delivery;
mod examples;
mod parse;
mod schema;
