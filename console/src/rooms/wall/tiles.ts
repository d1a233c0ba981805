/** Where each province stands on the tile map: column and row of a grid that is laid out like the country. */
export const TILES: Readonly<Record<string, readonly [column: number, row: number]>> = {
  HL: [8, 1],
  NM: [5, 2], JL: [8, 2],
  XJ: [1, 3], GS: [3, 3], NX: [4, 3], BJ: [6, 3], TJ: [7, 3], LN: [8, 3],
  QH: [2, 4], SN: [4, 4], SX: [5, 4], HE: [6, 4], SD: [7, 4],
  XZ: [1, 5], SC: [3, 5], CQ: [4, 5], HA: [5, 5], AH: [6, 5], JS: [7, 5], SH: [8, 5],
  GZ: [4, 6], HB: [5, 6], JX: [6, 6], ZJ: [7, 6],
  YN: [3, 7], GX: [4, 7], HN: [5, 7], FJ: [6, 7],
  HI: [4, 8], GD: [5, 8],
}; // prettier-ignore

export const COLUMNS = 8;
