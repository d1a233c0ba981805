import { useEffect, useState } from "react";

/** A value once it has stood still for a moment, so that not every key asks the server. */
export function useLater<T>(value: T, milliseconds = 300): T {
  const [settled, setSettled] = useState(value);
  const key = JSON.stringify(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(JSON.parse(key) as T), milliseconds);
    return () => clearTimeout(timer);
  }, [key, milliseconds]);
  return settled;
}
