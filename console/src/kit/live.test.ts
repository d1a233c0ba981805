import { QueryClient } from "@tanstack/react-query";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { liveState, startLive } from "./live";

const WHO = { id: "gd-agent-1", role: "agent", actingFor: "" } as const;
const BASE = "http://whistle.example/";

/** One answer of the server, still being written. */
interface Stream {
  lastId: string | null;
  say: (event: string, id?: string) => void;
  cut: () => void;
}

describe("whether what is shown follows what happens", () => {
  let streams: Stream[];
  let stop: () => void = () => undefined;

  beforeEach(() => {
    streams = [];
    vi.stubGlobal("document", { visibilityState: "visible", baseURI: BASE });
    vi.stubGlobal("window", new EventTarget());
    vi.stubGlobal("navigator", {});
    vi.stubGlobal("fetch", (_: URL, { headers }: { headers: Headers }) => {
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          const write = (text: string) => controller.enqueue(new TextEncoder().encode(text));
          streams.push({
            lastId: headers.get("Last-Event-ID"),
            say: (event, id) => write(`event: ${event}\n${id ? `id: ${id}\n` : ""}data: {}\n\n`),
            cut: () => controller.close(),
          });
        },
      });
      return Promise.resolve(new Response(body, { headers: { "Content-Type": "text/event-stream" } }));
    });
  });
  afterEach(() => {
    stop();
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  const opened = async (): Promise<Stream> => {
    const before = streams.length;
    if (!before) stop = startLive(new QueryClient(), WHO);
    await vi.waitFor(() => expect(streams).toHaveLength(before || 1));
    return streams.at(-1)!;
  };
  const becomes = (state: string) => vi.waitFor(() => expect(liveState()).toBe(state));

  it("is unknown until the stream says so, and no more once it is stopped", async () => {
    const stream = await opened();
    expect(liveState()).toBe("reconnecting");
    stream.say("reset", "a-1");
    await becomes("live");
    stop();
    expect(liveState()).toBe("off");
  });

  it("is not so while the database tells nobody anything, however long that is", async () => {
    const stream = await opened();
    stream.say("resumed");
    await becomes("live");
    stream.say("waiting");
    await becomes("reconnecting");
    stream.say("waiting");
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(liveState()).toBe("reconnecting");
    stream.say("reset", "b-0");
    await becomes("live");
    expect(streams, "the line itself was whole").toHaveLength(1);
  });

  it("is so again when the stream has gone on where it was", async () => {
    const stream = await opened();
    stream.say("beat", "a-7");
    await becomes("live");
    stream.cut();
    await becomes("reconnecting");
    await vi.waitFor(() => expect(streams).toHaveLength(2), { timeout: 3000 });
    expect(streams[1]!.lastId).toBe("a-7");
    streams[1]!.say("resumed");
    await becomes("live");
  });

  it("tells an administrator of nothing", () => {
    stop = startLive(new QueryClient(), { ...WHO, role: "administrator" });
    expect(streams).toEqual([]);
    expect(liveState()).toBe("off");
  });
});
