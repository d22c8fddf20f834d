// Original file: ../../proto/waystation/v1/replication.proto


/**
 * First on a ship link.
 */
export interface ShipHello {
}

/**
 * First on a ship link.
 */
export interface ShipHello__Output {
}
