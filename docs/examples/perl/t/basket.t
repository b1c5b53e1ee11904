use strict;
use warnings;
use Test::More tests => 3;
use Basket;
use OsrfSocket;

my $client = OsrfSocket->connect;
is(Basket->new($client)->put(2)->put(2)->total, 4, 'a basket adds its prices by opensrf.math');
eval { Basket->new($client)->put(7)->share(0) };
is($@, "400 nothing can be divided by zero\n", 'an error status of the service is thrown');
eval { $client->request('opensrf.absent', 'method') };
like($@, qr/^404 /, 'so is a service that is not there');
