import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { api, data } from "@/kit/api";
import { Answer } from "@/kit/states";
import { PolicyEditor } from "./PolicyEditor";

/** One version of the policy as people write it; whoever may publish goes on from here to the next. */
export function PolicyPage() {
  const { t } = useTranslation("admin");
  const { version = "" } = useParams();
  const text = useQuery({
    queryKey: ["policy-text", version],
    queryFn: () => data(api.GET("/v1/policies/{version}/text", { params: { path: { version } } })),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <>
      <p>
        <Link to="/admin/policies">{t("policy.all")}</Link>
      </p>
      <Answer of={text}>{(found) => <PolicyEditor key={version} version={version} begun={found.text} />}</Answer>
    </>
  );
}
