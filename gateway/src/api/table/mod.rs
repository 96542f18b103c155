//! Every call of Maestro's API. Adding one adds a row; routing, checks and the API's document follow from it.

mod definition;
mod instance;
mod query;
mod resource;
mod step;

use super::route::Route;

/// All calls, definitions first.
pub fn routes() -> impl Iterator<Item = &'static Route> {
    [definition::ROUTES, instance::ROUTES, step::ROUTES, resource::ROUTES].into_iter().flatten()
}
