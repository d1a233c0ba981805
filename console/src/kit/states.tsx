import { Alert, Button, Empty, Skeleton, Typography } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { problemOf } from "./problem";

/** What is shown while something is read. */
export function Loading({ rows = 4 }: { rows?: number }) {
  const { t } = useTranslation("kit");
  return (
    <div role="status" aria-label={t("loading")}>
      <Skeleton active paragraph={{ rows }} />
    </div>
  );
}

/** What is shown where there is nothing, with what to do about it. */
export function Nothing({ children, action }: { children: ReactNode; action?: ReactNode }) {
  return (
    <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={children}>
      {action}
    </Empty>
  );
}

/** What went wrong: the reason, the remedy, and a way to try again. */
export function Failed({ error, retry }: { error: unknown; retry?: () => void }) {
  const { t } = useTranslation("kit");
  const problem = problemOf(error);
  return (
    <Alert
      type={problem.stale ? "warning" : "error"}
      showIcon
      role="alert"
      title={problem.title}
      description={
        <>
          {problem.status > 0 && problem.body.detail && <div>{problem.body.detail}</div>}
          {problem.body.remedy && <div>{problem.body.remedy}</div>}
          <Typography.Text type="secondary" code>
            {problem.code}
          </Typography.Text>
        </>
      }
      action={retry && <Button onClick={retry}>{t("retry")}</Button>}
    />
  );
}

interface Asked<T> {
  data: T | undefined;
  error: unknown;
  isPending: boolean;
  refetch: () => unknown;
}

/** What a query found, or that it is being read, failed, or is empty. */
export function Answer<T>({
  of,
  children,
  empty,
  isEmpty,
}: {
  of: Asked<T>;
  children: (data: T) => ReactNode;
  empty?: ReactNode;
  isEmpty?: (data: T) => boolean;
}) {
  if (of.data === undefined)
    return of.error ? <Failed error={of.error} retry={() => void of.refetch()} /> : <Loading />;
  const nothing = isEmpty ? isEmpty(of.data) : Array.isArray(of.data) && of.data.length === 0;
  return (
    <>
      {of.error ? <Failed error={of.error} retry={() => void of.refetch()} /> : null}
      {nothing && empty !== undefined ? <Nothing>{empty}</Nothing> : children(of.data)}
    </>
  );
}
