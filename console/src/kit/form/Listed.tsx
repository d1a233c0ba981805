import { AutoComplete, type AutoCompleteProps, Select, type SelectProps } from "antd";
import { type KeyboardEvent, useState } from "react";

/** A list that Tab leaves, choosing nothing: by itself the list would take the highlighted entry and keep the cursor. */
function useLeaving() {
  const [open, setOpen] = useState(false);
  return {
    list: { open, onOpenChange: setOpen },
    leaving: {
      onKeyDownCapture: (event: KeyboardEvent) => {
        if (event.key !== "Tab") return;
        event.stopPropagation();
        setOpen(false);
      },
    },
  };
}

/** One or several of what is known. */
export function Chosen(props: SelectProps<unknown>) {
  const { list, leaving } = useLeaving();
  return (
    <div {...leaving}>
      <Select {...props} {...list} />
    </div>
  );
}

/** Words of one's own, or one of what is known. */
export function Suggested(props: AutoCompleteProps<string>) {
  const { list, leaving } = useLeaving();
  return (
    <div {...leaving}>
      <AutoComplete {...props} {...list} />
    </div>
  );
}
