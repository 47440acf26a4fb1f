#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A real SMTP server beside our own sink: aiosmtpd with STARTTLS and AUTH.

peer_smtpd.py CERTIFICATE KEY LOGIN PASSWORD: prints "PORT n", then a line of JSON for each mail; ends with its stdin.
"""
import asyncio
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult


class Keep:
    async def handle_DATA(self, server, session, envelope):
        print(json.dumps({"from": envelope.mail_from, "to": envelope.rcpt_tos, "secure": session.ssl is not None,
                          "login": session.authenticated, "text": envelope.content.decode("ascii")}), flush=True)
        return "250 kept"


def main():
    certificate, key, login, password = sys.argv[1:]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    def is_right(server, session, envelope, mechanism, data):
        return AuthResult(success=(data.login, data.password) == (login.encode(), password.encode()))

    def serve():
        return SMTP(Keep(), hostname="peer.example", tls_context=context, require_starttls=True, auth_required=True,
                    authenticator=is_right)

    async def run():
        server = await asyncio.get_running_loop().create_server(serve, "127.0.0.1", 0)
        print("PORT", server.sockets[0].getsockname()[1], flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        server.close()

    asyncio.run(run())


main()
