/** Where the list of rows is scrolled to: it follows its end, keeps its place, and reaches rows beyond what a browser can lay out. */
import { useCallback, useEffect, useLayoutEffect, useRef, useState, type RefObject } from 'react';
import { afterScroll, aimAt, scrollWindow } from '../../state/scroll-window.ts';
import type { TimelineState } from '../../state/timeline-view.ts';
import { useWindow, useWorkbench } from '../../state/use-workbench.ts';
import { tableEvents } from './table-events.ts';

interface RowWindowOptions {
  readonly scroller: RefObject<HTMLDivElement | null>;
  readonly rowHeight: number;
  readonly viewHeight: number;
  readonly state: TimelineState;
  readonly cursorIndex: number | undefined;
}

export function useRowWindow({ scroller, rowHeight, viewHeight, state, cursorIndex }: RowWindowOptions) {
  const { window: store, timeline } = useWorkbench();
  const isFollowing = useWindow(window => window.follow.isFollowing);
  const { matched, generation } = state;
  const [at, setAt] = useState({ offset: 0, shift: 0 });
  const pageOffset = useRef(0);
  const mustScroll = useRef(false);
  const list = scrollWindow(matched, rowHeight, viewHeight, at.shift);

  const scrollTo = useCallback(
    (offset: number) => {
      const aim = aimAt(scrollWindow(timeline.state().matched, rowHeight, viewHeight), offset);
      pageOffset.current = aim.pageOffset;
      mustScroll.current = true;
      setAt({ offset: aim.pageOffset + aim.shift, shift: aim.shift });
    },
    [timeline, rowHeight, viewHeight],
  );

  // The element follows where we sent the list, once its height is there. What the person scrolls is not read back: that would lay out twice a frame.
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null || !mustScroll.current) return;
    mustScroll.current = false;
    element.scrollTo({ top: pageOffset.current, behavior: 'instant' });
  }, [scroller, at, matched]);

  useLayoutEffect(() => {
    if (isFollowing && viewHeight > 0) scrollTo(matched * rowHeight);
  }, [isFollowing, matched, generation, rowHeight, viewHeight, scrollTo]);

  // A table drawn anew takes up the place that was left; a detail that takes room from it leaves its row in sight.
  const shownHeight = useRef(0);
  useLayoutEffect(() => {
    const isFirst = shownHeight.current === 0 && viewHeight > 0;
    const hasShrunk = viewHeight < shownHeight.current;
    shownHeight.current = viewHeight;
    if (isFollowing) return;
    const offset = isFirst ? tableEvents.placeOf(generation) : at.offset;
    const bottom = cursorIndex === undefined ? 0 : (cursorIndex + 1) * rowHeight;
    if ((isFirst || hasShrunk) && bottom > offset + viewHeight) scrollTo(bottom - viewHeight);
    else if (isFirst) scrollTo(offset);
  }, [viewHeight, isFollowing, cursorIndex, rowHeight, at.offset, scrollTo, generation]);
  useEffect(() => {
    if (viewHeight > 0) tableEvents.leave(generation, at.offset);
  }, [generation, at.offset, viewHeight]);

  const onScroll = () => {
    const element = scroller.current;
    if (element === null) return;
    const { scrollTop } = element;
    if (Math.abs(scrollTop - pageOffset.current) < 1) return;
    const next = afterScroll(list, scrollTop, pageOffset.current);
    pageOffset.current = scrollTop;
    setAt(next);
    const isAtEnd = next.offset + viewHeight >= list.listHeight - rowHeight;
    store.userScrolled(isAtEnd && store.getState().sort.column === 'id', matched);
  };

  return { at, list, scrollTo, onScroll };
}
