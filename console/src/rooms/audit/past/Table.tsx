import type { ReactNode } from "react";
import { Wide } from "@/kit/Wide";

export interface Line {
  key: string;
  cells: readonly ReactNode[];
}

/** A plain table with its caption; the first cell of each line is its heading. */
export function Table({ label, heads, lines }: { label: string; heads: readonly string[]; lines: readonly Line[] }) {
  return (
    <Wide className="audit-wide" label={label}>
      <table className="audit-table audit-broad">
        <caption>{label}</caption>
        <thead>
          <tr>
            {heads.map((head) => (
              <th scope="col" key={head}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {lines.map(({ key, cells: [first, ...rest] }) => (
            <tr key={key}>
              <th scope="row">{first}</th>
              {rest.map((cell, place) => (
                <td key={heads[place + 1]}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Wide>
  );
}
