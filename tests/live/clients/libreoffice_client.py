#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""libreoffice_client: argv[1] is a DSN. LibreOffice, with a profile of its own, writes and reads by a data source of Base,
then fills a sheet of Calc from it, as a user does who drags a table and a query into a sheet. Prints what stands there.
argv[2], if given, is where a picture of the window is kept (PNG); then it runs on a screen in memory, else without one."""
import contextlib
import os
import signal
import struct
import subprocess
import sys
import tempfile
import time
import zlib

import uno
from com.sun.star.awt.PosSize import POSSIZE
from com.sun.star.beans import PropertyValue
from com.sun.star.connection import NoConnectException
from com.sun.star.lang import DisposedException
from com.sun.star.sdbc.DataType import VARCHAR
from com.sun.star.sheet.DataImportMode import QUERY, SQL, TABLE
from com.sun.star.uno import Exception as UnoException

TEXT = "Zoë € 😀 東京 'q' {a};b=?"
CITIES, LARGE = "cities", "large"  # the data source; a query in it
WIDTH, HEIGHT = 860, 400


def properties(**values):
    return tuple(PropertyValue(Name=name, Value=value) for name, value in values.items())


def url(path):
    return uno.systemPathToFileUrl(os.path.abspath(path))


@contextlib.contextmanager
def running(command, **options):
    """A program that, with all that it started, is ended with the block."""
    program = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True, **options)
    try:
        yield program
    finally:
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
                os.killpg(program.pid, number)
                program.wait(10)


@contextlib.contextmanager
def screen(folder):
    """An X server with its screen in a file of the folder; its display. Without a folder none."""
    if not folder:
        yield ""
        return
    command = ["Xvfb", "-displayfd", "1", "-nolisten", "tcp", "-screen", "0", f"{WIDTH}x{HEIGHT}x24", "-fbdir", folder]
    with running(command, stdout=subprocess.PIPE) as server:
        yield ":" + server.stdout.readline().decode().strip()


def still_screen(folder):
    """What the screen shows once it has not changed for a second; a file of xwd's form."""
    dump = b""
    for _ in range(15):
        before = dump
        time.sleep(1)
        with open(folder + "/Xvfb_screen0", "rb") as file:
            dump = file.read()
        if dump == before:
            break
    return dump


def keep_picture(dump, path):
    """Writes a screen (25 numbers, a name, colours of 12 bytes, then lines of 4 bytes a point) as PNG."""
    header = struct.unpack(">25I", dump[:100])
    start, line = header[0] + 12 * header[19], header[12]
    rows = b""
    for y in range(HEIGHT):
        row = dump[start + y * line:][:WIDTH * 4]
        points = bytearray(WIDTH * 3)
        points[0::3], points[1::3], points[2::3] = row[2::4], row[1::4], row[0::4]
        rows += b"\0" + points
    parts = ((b"IHDR", struct.pack(">2I5B", WIDTH, HEIGHT, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        for name, content in parts:
            file.write(struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content)))


@contextlib.contextmanager
def office(folder, display):
    """LibreOffice; how to make its services."""
    pipe = f"iamodbc{os.getpid()}"
    command = ["soffice", "--norestore", "--nologo", "--nodefault", f"-env:UserInstallation={url(folder)}/profile",
               f"--accept=pipe,name={pipe};urp;", *([] if display else ["--headless"])]
    with running(command, stdout=subprocess.DEVNULL, env={**os.environ, "DISPLAY": display, "SAL_USE_VCLPLUGIN": "gen" if display else "svp"}) as program:
        local = uno.getComponentContext()
        resolver = local.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", local)
        for _ in range(400):
            try:
                context = resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
                break
            except NoConnectException:
                time.sleep(0.1)
        else:
            raise SystemExit("LibreOffice does not answer")

        def create(service, *arguments):
            return context.ServiceManager.createInstanceWithArgumentsAndContext(service, arguments, context)
        yield create
        with contextlib.suppress(UnoException):  # it may go before it answers
            create("com.sun.star.frame.Desktop").terminate()
        program.wait(20)


def show(result):
    """Prints the columns and the rows of a result set."""
    described = result.MetaData
    columns = range(1, described.ColumnCount + 1)
    for column in columns:
        print(f"  {described.getColumnName(column)}: {described.getColumnType(column)} {described.getColumnTypeName(column)} "
              f"{described.getPrecision(column)} {described.getScale(column)} {described.isNullable(column)}")
    while result.next():
        values = []
        for column in columns:
            value = result.getString(column)
            values.append("NULL" if result.wasNull() else value)
        print("  " + " | ".join(values))


def base(source):
    """Writes, reads and fails as Base does: by a connection of the data source. The name of the table city."""
    opened = []

    def ours(thing):
        opened.append(thing)
        return thing
    connection = ours(source.getIsolatedConnection("", ""))
    about = connection.MetaData
    print(about.DriverName, about.DriverVersion, about.DatabaseProductName, about.DatabaseProductVersion)
    statement = ours(connection.createStatement())
    statement.executeUpdate("create temporary table note (id integer, body varchar(60), amount decimal(8,2), written date)")
    insert = ours(connection.prepareStatement("insert into note values (?, ?, ?, ?)"))
    day = uno.createUnoStruct("com.sun.star.util.Date", 29, 2, 2024)
    for number, body, amount in ((1, TEXT, "12.50"), (2, None, "0"), (3, "-", "-0.01")):
        insert.setInt(1, number)
        if body is None:
            insert.setNull(2, VARCHAR)
        else:
            insert.setString(2, body)
        insert.setString(3, amount)
        insert.setDate(4, day)
        print("inserted", insert.executeUpdate())
    chosen = ours(connection.prepareStatement("select * from note where id < ? order by id"))
    chosen.setInt(1, 10)
    show(ours(chosen.executeQuery()))
    connection.setAutoCommit(False)
    print("updated", statement.executeUpdate("update note set amount = amount + 1 where id >= 1"))
    connection.rollback()
    connection.setAutoCommit(True)
    show(ours(statement.executeQuery("select sum(amount) as total, count(*) as number from note")))
    table = next(name for name in connection.Tables.ElementNames if name.endswith("city"))
    print("table", table)
    columns = ours(about.getColumns(None, "%", "city", "%"))
    while columns.next():
        print(" ", *[columns.getString(number) for number in (3, 4, 5, 6, 7, 11)])
    try:
        statement.executeQuery("select nonsense from note")
    except UnoException as error:
        print("error", error.SQLState, error.ErrorCode, error.Message)
    # The connection last: LibreOffice 7.4 may crash over a result set that is let go after it.
    for thing in reversed(opened):
        with contextlib.suppress(DisposedException):  # by the next statement
            thing.close()
    return table


def fill(sheet, table):
    """A table, a query of Base and plain SQL of the data source, one beside the other, and a sum over the first."""
    parts = (("A1", TABLE, table), ("F1", QUERY, LARGE), ("I1", SQL, "select name, 'Zoë € 😀 {a}' as note from city where id < 3 order by id"))
    for place, kind, what in parts:
        sheet.getCellRangeByName(place).doImport(properties(DatabaseName=CITIES, SourceType=kind, SourceObject=what, IsNative=kind == SQL))
    sheet.getCellRangeByName("B5").String = "sum"
    sheet.getCellRangeByName("C5").Formula = "=SUM(C2:C4)"
    sheet.Columns.OptimalWidth = True


def show_sheet(sheet):
    """Prints each cell: its value, its formula, its text as it is shown."""
    cursor = sheet.createCursor()
    cursor.gotoEndOfUsedArea(False)
    last = cursor.RangeAddress
    for row in range(last.EndRow + 1):
        cells = [sheet.getCellByPosition(column, row) for column in range(last.EndColumn + 1)]
        print(" ", row + 1, " | ".join(f"{cell.Value} {cell.Formula} [{cell.String}]" if cell.Formula else "" for cell in cells))


def work(create, folder, path):
    settings = create("com.sun.star.configuration.ConfigurationProvider")
    product = settings.createInstanceWithArguments("com.sun.star.configuration.ConfigurationAccess", properties(nodepath="/org.openoffice.Setup/Product"))
    print(product.getByName("ooName"), product.getByName("ooSetupVersionAboutBox"), "(Base and Calc)")
    sources = create("com.sun.star.sdb.DatabaseContext")
    source = sources.createInstance()
    source.URL = "sdbc:odbc:" + sys.argv[1]
    query = create("com.sun.star.sdb.QueryDefinition")
    query.Command = "select name, area * 100 as hectares from city where area > 100 order by id"
    source.QueryDefinitions.insertByName(LARGE, query)
    source.DatabaseDocument.storeAsURL(url(folder + "/cities.odb"), ())
    sources.registerObject(CITIES, source)
    table = base(source)
    document = create("com.sun.star.frame.Desktop").loadComponentFromURL("private:factory/scalc", "_blank", 0, properties(Hidden=not path))
    sheet = document.Sheets.getByIndex(0)
    fill(sheet, table)
    show_sheet(sheet)
    if path:
        document.CurrentController.Frame.ContainerWindow.setPosSize(0, 0, WIDTH, HEIGHT, POSSIZE)
        keep_picture(still_screen(folder), path)
    document.close(True)


def main():
    path = sys.argv[2] if len(sys.argv) > 2 else ""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what runs is ended then too
    failed = ""
    with tempfile.TemporaryDirectory(prefix="iamodbc-office-") as folder, screen(folder if path else "") as display, office(folder, display) as create:
        try:
            work(create, folder, path)
        except UnoException as error:  # which Python's context managers cannot handle
            failed = f"failed: {error.Message}"
    if failed:
        sys.exit(failed)


main()
