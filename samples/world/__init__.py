"""The test world: patients, actors and documents that homologation scenarios speak of; `world.toml` tells them."""
