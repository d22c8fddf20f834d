/** Addresses as people and URIs write them. */
import type { Address } from "@waystation/config/cluster";

export function formatAddress({ host, port }: Address): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
