"""LocalStack's HTTP server, on the addresses of GATEWAY_LISTEN only.

LocalStack 4.14's own ignores the host of an IPv4 address and listens on every network interface,
and what it serves runs code that a caller sends. Plain HTTP only.
"""

from localstack.runtime.server.twisted import TwistedRuntimeServer
from rolo.serving.twisted import TwistedGateway
from twisted.internet import reactor


class LoopbackServer(TwistedRuntimeServer):
    def register(self, gateway, listen, ssl_creds=None):
        site = TwistedGateway(gateway)
        # An idle connection stays open: a client that has it closed in the moment of a call fails the
        # call, and Step Functions' own client, which calls functions through here, does not retry.
        site.timeOut = None
        for address in listen:
            reactor.listenTCP(address.port, site, interface=address.host)
