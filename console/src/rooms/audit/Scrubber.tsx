import {
  CaretRightOutlined,
  PauseOutlined,
  StepBackwardOutlined,
  StepForwardOutlined,
  VerticalLeftOutlined,
  VerticalRightOutlined,
} from "@ant-design/icons";
import { Button, Input, Slider } from "antd";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { instantOf, offsetOf, wallClock } from "@/kit/form/instants";
import { useKeys } from "@/kit/keys";
import { useSentences } from "@/kit/sentences";
import { type Go, seqAt } from "./History";
import type { PartProps } from "./part";
import { useExact } from "./useExact";

const BEAT = 900;

interface Props extends PartProps {
  seq: number;
  go: Go;
}

/** Moves through the history: by slider, by steps, by itself, or to an instant; j and k go one event on and back. */
export function Scrubber({ order, events, seq, go, zone }: Props) {
  const { t } = useTranslation("audit");
  const exact = useExact(zone);
  const sentences = useSentences(order, zone);
  const last = events.at(-1)?.seq ?? 1;
  const [playing, setPlaying] = useState(false);
  useEffect(() => {
    if (!playing) return undefined;
    const beat = setTimeout(() => {
      if (seq < last) go((now) => now + 1);
      else setPlaying(false);
    }, BEAT);
    return () => clearTimeout(beat);
  });
  const step: Go = (to) => {
    setPlaying(false);
    go(to);
  };
  const play = () => {
    if (!playing && seq >= last) go(1);
    setPlaying(!playing);
  };
  useKeys({ j: () => step((now) => now + 1), k: () => step((now) => now - 1), p: play });
  const told = (wanted: number): string => {
    const event = events.find((one) => one.seq === wanted);
    return event
      ? t("scrub.at", { seq: wanted, last, at: exact(event.at), what: sentences.title(event.type) })
      : String(wanted);
  };
  const here = events.find((event) => event.seq === seq);
  return (
    <section className="audit-scrub no-print" aria-label={t("scrub.title")}>
      <div className="audit-steps">
        <Button
          icon={<VerticalRightOutlined />}
          aria-label={t("scrub.first")}
          disabled={seq <= 1}
          onClick={() => step(1)}
        />
        <Button
          icon={<StepBackwardOutlined />}
          aria-label={t("scrub.back")}
          aria-keyshortcuts="k"
          disabled={seq <= 1}
          onClick={() => step((now) => now - 1)}
        />
        <Button
          type="primary"
          icon={playing ? <PauseOutlined /> : <CaretRightOutlined />}
          aria-label={t(playing ? "scrub.pause" : "scrub.play")}
          aria-keyshortcuts="p"
          onClick={play}
        />
        <Button
          icon={<StepForwardOutlined />}
          aria-label={t("scrub.on")}
          aria-keyshortcuts="j"
          disabled={seq >= last}
          onClick={() => step((now) => now + 1)}
        />
        <Button
          icon={<VerticalLeftOutlined />}
          aria-label={t("scrub.last")}
          disabled={seq >= last}
          onClick={() => step(last)}
        />
      </div>
      <Slider
        className="audit-slider"
        min={1}
        max={Math.max(last, 2)}
        disabled={last < 2}
        value={seq}
        onChange={step}
        tooltip={{ formatter: null }}
        ariaLabelForHandle={t("scrub.title")}
        ariaValueTextFormatterForHandle={told}
      />
      <label className="audit-jump">
        <span>{t("scrub.jump", { zone: offsetOf(zone, here?.at ?? order.registered_at) })}</span>
        <Input
          type="datetime-local"
          value={here ? wallClock(here.at, zone) : ""}
          onChange={({ target }) => target.value && step(seqAt(events, instantOf(target.value, zone)))}
        />
      </label>
      <p className="audit-here" role="status">
        {told(seq)}
      </p>
    </section>
  );
}
