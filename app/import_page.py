"""The parts of the Import page: the file, its mapping, its faults, the result, and what the lake holds."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from app import acts, columns, data, states, tables
from app.data import Preview

FILE_TYPES = ["csv", "tsv", "txt", "xlsx", "xls", "parquet"]
MOST_ROWS = 9
FAULT_COLORS = {"Error": "red", "Warning": "orange"}


def take_file() -> None:
    """Show the upload; a new file forgets what was said of the last one."""
    st.file_uploader(
        "File with sales, order lines, stock, orders, products, suppliers, sourcing or policies",
        type=FILE_TYPES,
        key=_upload_key(),
        on_change=forget,
        help="CSV with any delimiter and encoding, Excel or Parquet; dates in rows or in columns",
    )


def _upload_key() -> str:
    """A new key is an empty upload: that is how the last file is put away."""
    return f"upload-{st.session_state.get('upload_number', 0)}"


def next_file() -> None:
    """Put the last file away."""
    forget()
    st.session_state["upload_number"] = st.session_state.get("upload_number", 0) + 1


def forget() -> None:
    """Forget mapping and result of the last file."""
    for key in ("import_mapping", "import_kind", "import_result"):
        st.session_state.pop(key, None)


def look() -> Preview | None:
    """Show what the file is taken for and let the planner correct it; None where there is no file."""
    upload = st.session_state.get(_upload_key())
    if upload is None:
        return None
    seen = states.guarded(
        lambda: data.preview(
            upload,
            st.session_state.get("import_kind"),
            st.session_state.get("import_mapping"),
        )
    )
    if seen is None:
        if st.button("Guess the mapping again", key="guess_again", on_click=forget):
            st.rerun()
        return None
    kind, about = st.columns([4, 8], vertical_alignment="bottom")
    kind.selectbox(
        "Kind of file",
        list(data.KIND_LABELS),
        index=list(data.KIND_LABELS).index(seen.kind),
        format_func=lambda name: data.KIND_LABELS[name],
        key="kind_choice",
        on_change=_take_kind,
    )
    known = (
        "This form of file was confirmed before." if seen.remembered else "Guessed; check it, then import."
    )
    about.caption(f"{upload.name} · {len(seen.header):,} columns · {known}")
    for question in seen.to_confirm:
        st.warning(question, icon=":material/help:")
    return seen


def _take_kind() -> None:
    st.session_state["import_kind"] = st.session_state["kind_choice"]
    st.session_state.pop("import_mapping", None)


def edit_mapping(seen: Preview) -> None:
    """Show what each target is read from, to be corrected in place or as YAML."""
    rows = data.mapping_rows(seen)
    name = f"mapping-{data.name_of(seen)}"
    st.data_editor(
        rows,
        key=name,
        hide_index=True,
        height=tables.height(rows, MOST_ROWS),
        row_height=tables.ROW_HEIGHT,
        placeholder=columns.UNKNOWN,
        disabled=["target", "need", "sure", "meaning"],
        column_config={
            "target": columns.text("We need", width=190),
            "need": columns.text("Needed", width=76),
            "header": st.column_config.SelectboxColumn(
                "Column of the file", options=list(seen.header), width=210, help="Click to choose"
            ),
            "constant": columns.text("Or one value for all rows", width=180),
            "sure": st.column_config.ProgressColumn(
                "Sure", min_value=0, max_value=1, format="percent", width=110
            ),
            "meaning": columns.text("Meaning", width=400),
        },
        on_change=_take_mapping,
        args=(name, seen, rows),
        alt="What is read from which column of the file; columns can be changed",
    )
    with st.expander("Dates, numbers, units, returns: the mapping as text", key="as_text"):
        text = st.text_area("Mapping (YAML)", seen.mapping_yaml, height=300, key=f"yaml-{data.name_of(seen)}")
        if st.button("Use this mapping", key="use_yaml"):
            st.session_state["import_mapping"] = text
            st.rerun()


def _take_mapping(name: str, seen: Preview, rows: pd.DataFrame) -> None:
    edited = st.session_state[name]["edited_rows"]
    st.session_state["import_mapping"] = data.edited_mapping(seen, rows, edited)


def show_rows(seen: Preview) -> None:
    """Show the first rows as they would be loaded and as the file has them, and their faults."""
    faults = data.fault_rows(seen.faults)
    if not faults.empty:
        st.markdown(f"**{columns.count(len(seen.faults), 'fault')}** in the first {seen.rows_checked:,} rows")
        show_faults(faults, "preview_faults")
    st.markdown("**First rows, as they are loaded**")
    _rows(seen.parsed, "loaded")
    with st.expander("First rows, as the file has them", key="as_given"):
        _rows(seen.rows, "given")


def _rows(frame: pd.DataFrame, name: str) -> None:
    st.dataframe(
        frame,
        key=f"rows_{name}",
        hide_index=True,
        height=tables.ROW_HEIGHT * 7,
        placeholder="",
        column_config={column: columns.date(column) for column in data.date_columns(frame)},
        alt=f"First rows, as {name}",
    )


def show_faults(frame: pd.DataFrame, key: str) -> None:
    """Show faults: row, column, value, rule."""
    st.dataframe(
        frame,
        key=key,
        hide_index=True,
        height=tables.height(frame, MOST_ROWS),
        row_height=tables.ROW_HEIGHT,
        placeholder="",
        column_config={
            "label": columns.tag("Severity", FAULT_COLORS, width=100),
            "row": st.column_config.NumberColumn("Row", format="%d", width=80),
            "column": columns.text("Column", width=180),
            "value": columns.text("Value", width=220),
            "rule": columns.text("Rule", width=600),
        },
        alt="Faults with row, column, value and rule",
    )


def confirm(seen: Preview) -> None:
    """Show the button that loads the file, with progress, then keep what came of it."""
    if not st.button(
        f"Import as {data.KIND_LABELS[seen.kind].lower()}",
        key="import_confirm",
        type="primary",
        icon=":material/upload:",
    ):
        return
    upload = st.session_state[_upload_key()]
    done = states.guarded_with_progress(
        lambda tell: acts.load_file(upload.name, upload.getvalue(), seen.mapping_yaml, tell)
    )
    if done is not None:
        st.session_state["import_result"] = done
        st.rerun()


def result() -> bool:
    """Show what came of the import; False where none was made."""
    done = st.session_state.get("import_result")
    if done is None:
        return False
    if not done.loaded:
        st.error(
            f"**{done.file} was not loaded**, nothing of it: {columns.count(done.errors, 'error')}.",
            icon=":material/error:",
        )
        show_faults(data.fault_rows(done.faults), "result_faults")
        st.download_button(
            "Download the error report",
            data=done.report,
            file_name=f"errors-{done.file}.csv",
            mime="text/csv",
            key="error_report",
            icon=":material/download:",
            on_click="ignore",
        )
        if st.button("Back to the mapping", key="back_to_mapping", icon=":material/arrow_back:"):
            del st.session_state["import_result"]
            st.rerun()
        return True
    if done.unchanged:
        st.info(f"**{done.file}**: everything in it was in the lake already.", icon=":material/done_all:")
    else:
        st.success(
            f"**{done.file}**: {done.rows_loaded:,} rows loaded from {done.rows_read:,} read.",
            icon=":material/check_circle:",
        )
    for note in done.notes:
        st.caption(note)
    warnings = data.fault_rows(done.faults)
    if not warnings.empty:
        show_faults(warnings, "result_warnings")
    st.button("Import another file", key="next_file", on_click=next_file, icon=":material/upload:")
    return True


def contents(frame: pd.DataFrame) -> None:
    """Show what the lake holds and what it lacks."""
    st.dataframe(
        frame,
        key="contents",
        hide_index=True,
        row_height=tables.ROW_HEIGHT,
        height=tables.height(frame),
        placeholder="not yet",
        column_config={
            "table": columns.text("Table", width=120),
            "rows": columns.quantity("Rows", width=110),
            "loaded_at": st.column_config.DatetimeColumn("Loaded, UTC", format="D MMM YYYY HH:mm", width=150),
            "purpose": columns.text("What for", width=380),
        },
        alt="What the lake holds",
    )


def templates() -> None:
    """Show the download of a template of each kind of file."""
    kind, act = st.columns([3, 2], vertical_alignment="bottom")
    chosen = kind.selectbox(
        "Template",
        list(data.KIND_LABELS),
        format_func=lambda name: data.KIND_LABELS[name],
        key="template_kind",
    )
    act.download_button(
        "Download",
        data=lambda: data.template(str(chosen)),
        file_name=f"template-{chosen}.csv",
        mime="text/csv",
        key="template",
        icon=":material/download:",
        on_click="ignore",
    )
