/**
 * Where the list of rows is scrolled to: it follows its end, keeps its place, and reaches rows beyond what a browser can lay out.
 * The exact place is kept beside React; only a move by a few rows draws, so most frames of a scroll cost no script at all.
 */
import { useCallback, useEffect, useLayoutEffect, useRef, useState, type RefObject } from 'react';
import { afterScroll, aimAt, rowsInSight, scrollWindow } from '../../state/scroll-window.ts';
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
  /** Exact, and changed by every scroll; what is drawn follows in steps. */
  const place = useRef({ offset: 0, shift: 0, pageOffset: 0 });
  const [drawn, setDrawn] = useState({ offset: 0, shift: 0 });
  const mustScroll = useRef(false);
  const list = scrollWindow(matched, rowHeight, viewHeight, drawn.shift);
  const { first, last } = rowsInSight(drawn.offset, rowHeight, viewHeight, matched);

  const scrollTo = useCallback(
    (offset: number) => {
      const { pageOffset, shift } = aimAt(scrollWindow(timeline.state().matched, rowHeight, viewHeight), offset);
      place.current = { offset: pageOffset + shift, shift, pageOffset };
      mustScroll.current = true;
      setDrawn({ offset: pageOffset + shift, shift });
      tableEvents.leave(timeline.state().generation, pageOffset + shift);
    },
    [timeline, rowHeight, viewHeight],
  );

  // The element follows where we sent the list, once its height is there. What the person scrolls is not read back: that would lay out twice a frame.
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null || !mustScroll.current) return;
    mustScroll.current = false;
    element.scrollTo({ top: place.current.pageOffset, behavior: 'instant' });
  }, [scroller, drawn, matched]);

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
    const offset = isFirst ? tableEvents.placeOf(generation) : place.current.offset;
    const bottom = cursorIndex === undefined ? 0 : (cursorIndex + 1) * rowHeight;
    if ((isFirst || hasShrunk) && bottom > offset + viewHeight) scrollTo(bottom - viewHeight);
    else if (isFirst) scrollTo(offset);
  }, [viewHeight, isFollowing, cursorIndex, rowHeight, scrollTo, generation]);

  const onScroll = () => {
    const element = scroller.current;
    if (element === null) return;
    const { scrollTop } = element;
    const before = place.current;
    if (Math.abs(scrollTop - before.pageOffset) < 1) return;
    const next = afterScroll(scrollWindow(matched, rowHeight, viewHeight, before.shift), scrollTop, before.pageOffset);
    place.current = { ...next, pageOffset: scrollTop };
    tableEvents.leave(generation, next.offset);
    const wanted = rowsInSight(next.offset, rowHeight, viewHeight, matched);
    if (next.shift !== drawn.shift || wanted.first !== first || wanted.last !== last) setDrawn(next);
    const isAtEnd = next.offset + viewHeight >= list.listHeight - rowHeight;
    store.userScrolled(isAtEnd && store.getState().sort.column === 'id', matched);
  };

  // Another row height or another list may have moved the place under us: what is left behind is the place as it stands.
  useEffect(() => {
    if (viewHeight > 0) tableEvents.leave(generation, place.current.offset);
  }, [generation, viewHeight]);

  const offset = useCallback(() => place.current.offset, []);
  return { offset, shift: drawn.shift, first, last, list, scrollTo, onScroll };
}
