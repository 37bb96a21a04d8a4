"""An object store that speaks S3, for one run of tests: `python -m tests.lake.store_server FD`.

Answers on the socket it inherits, one request at a time: so a conditional write is checked and
done in one step, as the real store promises.
"""

import logging
import sys

from moto.moto_server.werkzeug_app import create_backend_app
from werkzeug.serving import make_server


def main(descriptor: int) -> None:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    make_server("127.0.0.1", 0, create_backend_app("s3"), fd=descriptor).serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]))
