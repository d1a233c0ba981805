import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, List, Typography } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, data, send } from "@/kit/api";
import { Failed, Loading, Nothing } from "@/kit/states";
import { Instant } from "@/kit/time";

const MANY = 50;

/** How many notices wait to be read, at most 50. */
export function useUnread(): number {
  const found = useQuery({
    queryKey: ["notices", "unread"],
    queryFn: () => data(api.GET("/v1/notices", { params: { query: { unread: true, limit: MANY } } })),
    refetchInterval: 60_000,
  });
  return found.data?.items.length ?? 0;
}

/** What one was told, the latest first. */
export function Notices({ onLeave }: { onLeave: () => void }) {
  const { t, i18n } = useTranslation("kit");
  const queries = useQueryClient();
  const zh = i18n.language === "zh";
  const pages = useInfiniteQuery({
    queryKey: ["notices", "all"],
    queryFn: ({ pageParam }) => data(api.GET("/v1/notices", { params: { query: { cursor: pageParam, limit: MANY } } })),
    initialPageParam: "",
    getNextPageParam: (page) => page.next || undefined,
  });
  const read = useMutation({
    mutationFn: (id: string) => send("POST", `/v1/notices/${id}/read`),
    onSettled: () => queries.invalidateQueries({ queryKey: ["notices"] }),
  });
  if (pages.isPending) return <Loading />;
  if (pages.error) return <Failed error={pages.error} retry={() => void pages.refetch()} />;
  const items = pages.data.pages.flatMap((page) => page.items);
  if (!items.length) return <Nothing>{t("notices.none")}</Nothing>;
  return (
    <List
      dataSource={items}
      loadMore={
        pages.hasNextPage && (
          <Button block loading={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
            {t("more")}
          </Button>
        )
      }
      renderItem={(one) => (
        <List.Item key={one.id} className={one.read_at ? "" : "unread"}>
          <List.Item.Meta
            title={
              <Link
                to={`/orders/${one.order_id}`}
                onClick={() => {
                  if (!one.read_at) read.mutate(one.id);
                  onLeave();
                }}
              >
                {zh ? one.title_zh : one.title_en}
              </Link>
            }
            description={
              <>
                <div>{zh ? one.body_zh : one.body_en}</div>
                <Typography.Text type="secondary">
                  <Instant at={one.created_at} />
                </Typography.Text>
              </>
            }
          />
        </List.Item>
      )}
    />
  );
}
