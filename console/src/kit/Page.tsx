import { Typography } from "antd";
import { type ReactNode, useEffect, useRef } from "react";

/** A room's page: its heading, which is also the window's title, what may be done at once, and its content. */
export function Page({ title, actions, children }: { title: string; actions?: ReactNode; children: ReactNode }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Whistle`;
  }, [title]);
  return (
    <section className="page">
      <header className="page-head">
        <Typography.Title level={1} ref={heading}>
          {title}
        </Typography.Title>
        <div className="page-actions">{actions}</div>
      </header>
      {children}
    </section>
  );
}
