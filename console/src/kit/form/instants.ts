import dayjs from "dayjs";
import timezone from "dayjs/plugin/timezone";
import utc from "dayjs/plugin/utc";

dayjs.extend(utc);
dayjs.extend(timezone);

const WALL = "YYYY-MM-DDTHH:mm";

/** An instant as the clocks of a zone show it, for a control that knows no zones. */
export const wallClock = (instant: string, zone: string): string => dayjs(instant).tz(zone).format(WALL);

/** The instant (UTC) at which the clocks of a zone show that time. */
export const instantOf = (wall: string, zone: string): string => dayjs.tz(wall, zone).toISOString();

/** What a zone is ahead of UTC at that time, such as `UTC+08:00`. */
export const offsetOf = (zone: string, at: string): string => `UTC${dayjs(at).tz(zone).format("Z")}`;
